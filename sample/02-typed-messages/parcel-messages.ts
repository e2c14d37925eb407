import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsISO8601, IsString, Min } from 'class-validator';

/** What all messages about a parcel have. */
abstract class ParcelMessage {
  @ApiProperty({ example: 1, minimum: 1, description: 'Counts the messages about a parcel.' })
  @IsInt()
  @Min(1)
  readonly step: number;

  @ApiProperty({ example: '2026-01-05T14:30:00.000Z' })
  @IsISO8601()
  readonly at: string = new Date().toISOString();

  constructor(step: number) {
    this.step = step;
  }
}

export class ParcelPickedUp extends ParcelMessage {
  @ApiProperty({ example: 'Hamburg' })
  @IsString()
  readonly from: string;

  @ApiProperty({ example: 'Munich' })
  @IsString()
  readonly to: string;

  constructor(step: number, from: string, to: string) {
    super(step);
    this.from = from;
    this.to = to;
  }
}

export class ParcelMoved extends ParcelMessage {
  @ApiProperty({ example: 'Kassel' })
  @IsString()
  readonly place: string;

  @ApiProperty({ example: 2, minimum: 0, description: 'Stops that are left before the parcel is there.' })
  @IsInt()
  @Min(0)
  readonly stopsLeft: number;

  constructor(step: number, place: string, stopsLeft: number) {
    super(step);
    this.place = place;
    this.stopsLeft = stopsLeft;
  }
}

export class ParcelDelivered extends ParcelMessage {
  @ApiProperty({ example: 'Munich' })
  @IsString()
  readonly place: string;

  @ApiProperty({ example: 'a neighbour' })
  @IsString()
  readonly receivedBy: string;

  constructor(step: number, place: string, receivedBy: string) {
    super(step);
    this.place = place;
    this.receivedBy = receivedBy;
  }
}

/** The messages by the names of their events. */
export const parcelMessages = { ParcelPickedUp, ParcelMoved, ParcelDelivered };

export type AnyParcelMessage = ParcelPickedUp | ParcelMoved | ParcelDelivered;
