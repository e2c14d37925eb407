import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayNotEmpty, IsArray } from 'class-validator';

/** The body of an import. The rows are validated one by one, while they are imported. */
export class ImportRequest {
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    maxItems: 1000,
    example: [{ sku: 'TEA-001', name: 'Green tea', price: 4.5, stock: 12 }, { sku: 'tea' }],
  })
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(1000)
  rows!: unknown[];
}
