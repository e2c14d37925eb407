import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { Equals, IsIn, IsInt, IsNumber, IsOptional, IsString, ValidateNested } from 'class-validator';
import { z } from 'zod';

export class Level {
  @IsNumber() price!: number;
  @IsInt() size!: number;
}

export class Price {
  @IsString() symbol!: string;
  @IsNumber() price!: number;
  @IsIn(['buy', 'sell']) side!: 'buy' | 'sell';
  @IsOptional() @ValidateNested({ each: true }) @Type(() => Level) levels?: Level[] | null;
}

/* Three kinds of data with a literal to tell them apart by. */

export class Quote {
  @Equals('quote') kind!: 'quote';
  @IsNumber() bid!: number;
}

export class Halt {
  @Equals('halt') kind!: 'halt';
  @IsString() reason!: string;
}

export const Trade = z
  .object({
    kind: z.literal('trade'),
    amount: z.int(),
    note: z.string().nullable(),
    venue: z.union([z.string(), z.object({ name: z.string() })]).optional(),
  })
  .meta({ id: 'Trade' });

export const market = { quote: Quote, halt: Halt, trade: Trade };

export const Progress = z.object({ done: z.int(), failed: z.array(z.string()) });

export class ImportRequest {
  @ApiProperty({ type: [String] }) @IsString({ each: true }) rows!: string[];
}
