import { valueAsSent, type AsSent } from './as-sent';
import type { JsonSchema } from './portable-keywords';

/** What a conversion has to say of parts of a schema. */
export interface ConversionReport {
  /** JSON Schema cannot express the part: it is documented as any JSON. */
  unknown(what: string): void;
  /** The part is not sent as it is. */
  changed(what: string): void;
}

/** The schema of what is sent. */
export function sentSchema({ schema, warning }: AsSent, what: string, report: ConversionReport): JsonSchema {
  if (warning !== undefined) {
    report.changed(`${what} ${warning}`);
  }
  return schema;
}

/** @returns `undefined` where the values are JSON, which any conversion can write. */
export function sentLiterals(values: readonly unknown[], report: ConversionReport): JsonSchema | undefined {
  return values.every(isJson)
    ? undefined
    : { anyOf: values.map((value) => sentSchema(valueAsSent(value), typeof value, report)) };
}

function isJson(value: unknown): boolean {
  return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
}
