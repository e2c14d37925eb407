import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsNumber, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';

/** What a sensor measured. */
export class Reading {
  @ApiProperty({ example: '2026-01-05T14:30:00.000Z' })
  @IsISO8601()
  at!: string;

  @ApiProperty({ example: 'Greenhouse' })
  @IsString()
  sensor!: string;

  @ApiProperty({ example: 21.5, description: 'The temperature in degrees Celsius.' })
  @IsNumber()
  celsius!: number;

  @ApiProperty({ example: 'sensor', description: 'Who wrote the row: `sensor`, `form`, or `SQL`.' })
  @IsString()
  source!: string;
}

/** The events of the stream. */
export const readingEvents = { reading: Reading };

/** The body of `POST /readings`. */
export class AddReading {
  @ApiProperty({ example: 'Greenhouse', maxLength: 30 })
  @MaxLength(30)
  @Matches(/\S/, { message: 'sensor should not be empty' })
  @IsString()
  sensor!: string;

  @ApiProperty({ example: 35, minimum: -90, maximum: 60 })
  @Min(-90)
  @Max(60)
  @IsNumber()
  celsius!: number;
}

/** The answer to `POST /readings`. */
export class AddedReading {
  @ApiProperty({ example: '755.42', description: 'The id of the event that everybody gets.' })
  id!: string;
}

/** The query of the stream. */
export class ReadingsQuery {
  @ApiPropertyOptional({
    example: '',
    description: 'For a client that cannot send `Last-Event-ID`: a new `EventSource`. The header takes precedence.',
  })
  @IsOptional()
  @IsString()
  lastEventId?: string;
}
