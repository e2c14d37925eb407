import { ApiProperty } from '@nestjs/swagger';
import { IsISO8601, IsInt, IsNumber, IsOptional, IsPositive, IsString, Matches, Max } from 'class-validator';

const SYMBOL = /^[A-Z]{1,8}$/;
const SYMBOL_MESSAGE = 'symbol must be one to eight capital letters, for example ACME';

/** Where a page resumes whose `EventSource` had to be opened again: it cannot send the header. */
export class ResumeQuery {
  @ApiProperty({ required: false, description: 'As the header Last-Event-ID, which takes precedence' })
  @IsOptional()
  @IsString()
  lastEventId?: string;
}

/** The query of the stream of prices. */
export class StockQuery extends ResumeQuery {
  @ApiProperty({ example: 'ACME', pattern: SYMBOL.source })
  @Matches(SYMBOL, { message: SYMBOL_MESSAGE })
  symbol!: string;
}

/** The data of a `price` event. */
export class StockPrice {
  @ApiProperty({ example: 'ACME' })
  @Matches(SYMBOL)
  symbol!: string;

  @ApiProperty({ example: 101.25 })
  @IsPositive()
  price!: number;

  @ApiProperty({ example: 1234, description: 'Counts the prices of a symbol; it is part of the event’s id.' })
  @IsInt()
  sequence!: number;

  @ApiProperty({ example: '2026-01-05T14:30:00.000Z' })
  @IsISO8601()
  at!: string;
}

/** The data of a `halt` event. */
export class TradingHalt {
  @ApiProperty({ example: 'ACME' })
  @Matches(SYMBOL)
  symbol!: string;

  @ApiProperty({ example: -6.2, description: 'The change of the price that caused the halt, in per cent.' })
  @IsNumber()
  change!: number;

  @ApiProperty({ example: '2026-01-05T14:30:05.000Z', description: 'When trading goes on.' })
  @IsISO8601()
  until!: string;

  @ApiProperty({ example: 12 })
  @IsInt()
  sequence!: number;
}

/** The body of `POST /stocks/prices`. */
export class SetPrice {
  @ApiProperty({ example: 'ACME', pattern: SYMBOL.source })
  @Matches(SYMBOL, { message: SYMBOL_MESSAGE })
  symbol!: string;

  @ApiProperty({ example: 120, maximum: 100_000 })
  @IsNumber({ maxDecimalPlaces: 2 })
  @IsPositive()
  @Max(100_000)
  price!: number;
}
