import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, Min, ValidateNested } from 'class-validator';

/** One row is done with, imported or rejected. */
export class ImportProgress {
  @ApiProperty({ example: 3, minimum: 1, description: 'Rows that are done.' })
  @IsInt()
  @Min(1)
  done!: number;

  @ApiProperty({ example: 12, minimum: 1 })
  @IsInt()
  @Min(1)
  total!: number;
}

/** One thing that is wrong with a row. */
export class RowError {
  @ApiProperty({ example: '/price', description: 'JSON pointer into the row.' })
  @IsString()
  pointer!: string;

  @ApiProperty({ example: 'price must be a positive number' })
  @IsString()
  detail!: string;
}

/** A row that does not validate, as problem details (RFC 9457) with the row's number and what is wrong with it. */
export class RejectedRow {
  @ApiProperty({ example: 'about:blank' })
  @IsString()
  type!: string;

  @ApiProperty({ example: 'Unprocessable Content' })
  @IsString()
  title!: string;

  @ApiProperty({ example: 422 })
  @IsIn([422])
  status!: number;

  @ApiProperty({ example: 'Row 3 was not imported' })
  @IsString()
  detail!: string;

  @ApiProperty({ example: 3, minimum: 1, description: 'Number of the row, from 1.' })
  @IsInt()
  @Min(1)
  row!: number;

  @ApiProperty({ type: [RowError] })
  @ValidateNested({ each: true })
  @Type(() => RowError)
  errors!: RowError[];
}

/** The end of an import. */
export class ImportSummary {
  @ApiProperty({ example: 12, minimum: 0 })
  @IsInt()
  @Min(0)
  total!: number;

  @ApiProperty({ example: 9, minimum: 0 })
  @IsInt()
  @Min(0)
  imported!: number;

  @ApiProperty({ example: 3, minimum: 0 })
  @IsInt()
  @Min(0)
  rejected!: number;
}

/** The data of an import's events by their names. */
export const importEvents = { progress: ImportProgress, rejected: RejectedRow, summary: ImportSummary };
