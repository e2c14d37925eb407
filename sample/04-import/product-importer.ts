import { Injectable } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError } from 'class-validator';
import { setTimeout as wait } from 'node:timers/promises';
import type { RowError } from './import.events';
import { ProductRow } from './product-row';

/** Milliseconds that a row takes. */
const WORK = 100;

/** Checks rows and stores those that are good; the store is simulated by the time it takes. */
@Injectable()
export class ProductImporter {
  /**
   * @returns what is wrong with the row; nothing when it was stored.
   * @throws AbortError when the signal aborts.
   */
  async import(row: unknown, signal: AbortSignal): Promise<RowError[]> {
    await wait(WORK, undefined, { signal });
    if (typeof row !== 'object' || row === null || Array.isArray(row)) {
      return [{ pointer: '', detail: 'a row must be an object' }];
    }
    const product = plainToInstance(ProductRow, row);
    const errors = await validate(product, { whitelist: true, forbidNonWhitelisted: true, stopAtFirstError: true });
    return errors.flatMap(toRowErrors);
  }
}

function toRowErrors({ property, constraints = {} }: ValidationError): RowError[] {
  // https://www.rfc-editor.org/rfc/rfc6901#section-3
  const pointer = `/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return Object.values(constraints).map((detail) => ({ pointer, detail }));
}
