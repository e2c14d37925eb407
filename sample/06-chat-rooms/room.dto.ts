import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, Matches, MaxLength } from 'class-validator';
import { Visitor } from './visitor.dto';

/** A room, as the one who asks sees it. */
export class RoomDto {
  @ApiProperty({ example: 'lobby' })
  name!: string;

  @ApiProperty({ example: 'Lobby' })
  title!: string;

  @ApiProperty({ example: false })
  isPrivate!: boolean;

  @ApiProperty({ example: true, description: 'Whether the one who asks may enter.' })
  isOpen!: boolean;
}

/** The answer to `GET /rooms`. */
export class RoomsDto {
  @ApiPropertyOptional({ type: Visitor, description: 'Who asks.' })
  visitor?: Visitor | undefined;

  @ApiProperty({ type: [RoomDto] })
  rooms!: RoomDto[];
}

/** The body of `POST /rooms/{room}/join`. */
export class Invitation {
  @ApiProperty({ example: 'break a leg' })
  @IsString()
  code!: string;
}

/** The body of `POST /rooms/{room}/messages`. */
export class NewMessage {
  @ApiProperty({ example: 'Good morning!', maxLength: 500 })
  @MaxLength(500)
  @Matches(/\S/, { message: 'text should not be empty' })
  @IsString()
  text!: string;
}

/** The answer to `POST /rooms/{room}/messages`. */
export class SentMessage {
  @ApiProperty({ example: 'k3v9x2aq-1x8z4qp.7', description: 'The id of the event that the room gets.' })
  id!: string;
}
