import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsISO8601, IsString, Min } from 'class-validator';

/** What somebody sent to everybody. */
export class Notification {
  @ApiProperty({ example: 'The kettle is on' })
  @IsString()
  message!: string;

  @ApiProperty({ example: '2026-01-05T14:30:00.000Z' })
  @IsISO8601()
  at!: string;
}

/** The first event of each connection. Notifications from before this moment are those that the client missed. */
export class Connected {
  @ApiProperty({ example: '2026-01-05T14:30:10.000Z' })
  @IsISO8601()
  at!: string;
}

/** Sent whenever somebody comes or goes. */
export class People {
  @ApiProperty({ example: 3, minimum: 1, description: 'Open streams, the client’s own among them.' })
  @IsInt()
  @Min(1)
  count!: number;
}

/** The channel carries notifications. */
export const channelEvents = { notification: Notification };

/** A client’s stream has events about the connection, too, which nobody needs to get later. */
export const streamEvents = { connected: Connected, people: People, ...channelEvents };
