import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';

/** The body of `POST /notifications/send`. */
export class SendNotification {
  @ApiProperty({ example: 'The kettle is on', maxLength: 200 })
  @MaxLength(200)
  @Matches(/\S/, { message: 'message should not be empty' })
  @IsString()
  message!: string;
}

/** The answer to `POST /notifications/send`. */
export class SentNotification {
  @ApiProperty({ example: 'k3v9x2aq-1x8z4qp.7', description: 'The id of the event that everybody gets.' })
  id!: string;
}

/** The query of the stream. */
export class NotificationsQuery {
  @ApiPropertyOptional({
    example: '',
    description: 'For a client that cannot send `Last-Event-ID`: a new `EventSource`. The header takes precedence.',
  })
  @IsOptional()
  @IsString()
  lastEventId?: string;
}
