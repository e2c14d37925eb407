import { Transform } from 'class-transformer';
import { IsInt, IsNotEmpty, IsNumber, IsPositive, IsString, Matches, MaxLength, Min } from 'class-validator';

/** Cells of a table are text: one with a number in it becomes that number, any other stays what it is and is rejected. */
const FromText = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value)) ? Number(value) : value,
  );

/** A row that can be imported. Of the checks of a property, the one nearest to it comes first. */
export class ProductRow {
  @Matches(/^[A-Z]{3}-\d{3}$/, { message: 'sku must be three capital letters, a hyphen and three digits' })
  sku!: string;

  @MaxLength(60)
  @IsNotEmpty()
  @IsString()
  name!: string;

  @FromText()
  @IsPositive()
  @IsNumber({ maxDecimalPlaces: 2 }, { message: 'price must be a number with at most two decimal places' })
  price!: number;

  @FromText()
  @Min(0)
  @IsInt()
  stock!: number;
}
