import { ApiProperty } from '@nestjs/swagger';
import { IsString, IsUUID, Matches, MaxLength } from 'class-validator';

/** The body of `POST /visitors`. */
export class NewVisitor {
  @ApiProperty({ example: 'Ada', maxLength: 30 })
  @MaxLength(30)
  @Matches(/\S/, { message: 'name should not be empty' })
  @IsString()
  name!: string;
}

/** Somebody who has said a name. */
export class Visitor {
  @ApiProperty({ example: '4f5b1c9e-7d8a-4b2f-9c3d-1e6a7b8c9d0e', format: 'uuid' })
  @IsUUID()
  id!: string;

  @ApiProperty({ example: 'Ada' })
  @IsString()
  name!: string;
}
