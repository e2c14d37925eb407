import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsISO8601, IsString, MaxLength, ValidateNested } from 'class-validator';
import { Visitor } from './visitor.dto';

/** What somebody said. */
export class RoomMessage {
  @ApiProperty({ type: Visitor })
  @ValidateNested()
  @Type(() => Visitor)
  author!: Visitor;

  @ApiProperty({ example: 'Good morning!' })
  @MaxLength(500)
  @IsString()
  text!: string;

  @ApiProperty({ example: '2026-01-05T14:30:00.000Z' })
  @IsISO8601()
  at!: string;
}

/** Who became a member of a private room, or is none any more. */
export class MemberChange {
  @ApiProperty({ type: Visitor })
  @ValidateNested()
  @Type(() => Visitor)
  member!: Visitor;
}

/** What happens in a room. */
export const roomEvents = { message: RoomMessage, joined: MemberChange, left: MemberChange };
