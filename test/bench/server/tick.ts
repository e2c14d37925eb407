import { IsInt, IsNumber, IsString } from 'class-validator';
import { z } from 'zod';

/** The data of a small event. */
export interface Tick {
  symbol: string;
  price: number;
  at: number;
}

/** As a class-validator class. */
export class TickModel implements Tick {
  @IsString() symbol!: string;
  @IsNumber() price!: number;
  @IsInt() at!: number;
}

/** As a schema of zod. */
export const tickSchema = z.object({ symbol: z.string(), price: z.number(), at: z.int() });
