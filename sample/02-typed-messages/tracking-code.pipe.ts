import { BadRequestException, type PipeTransform } from '@nestjs/common';

/** Lets two capital letters, a hyphen and four digits pass. */
export class TrackingCodePipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!/^[A-Z]{2}-\d{4}$/.test(value)) {
      throw new BadRequestException('code must be two capital letters, a hyphen and four digits, for example PX-1042');
    }
    return value;
  }
}
