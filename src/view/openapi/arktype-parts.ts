import { asSent, classAsSent, valueAsSent, type AsSent } from './as-sent';
import { sentSchema, type ConversionReport } from './conversion-report';
import type { JsonSchema } from './portable-keywords';

/** What arktype gives of a part that JSON Schema cannot express. */
export interface ArktypePart {
  readonly code: string;
  readonly base: JsonSchema;
  readonly domain: string;
  readonly proto: Function;
  readonly unit: unknown;
}

/** arktype's way: a fallback for each kind of part. */
export function arktypeFallback(report: ConversionReport): Record<string, (part: ArktypePart) => JsonSchema> {
  return {
    date: (part) => arktypePart(part, asSent('Date'), 'Date', report),
    domain: (part) => arktypePart(part, asSent(part.domain), part.domain, report),
    proto: (part) => arktypePart(part, classAsSent(part.proto), part.proto.name, report),
    unit: (part) => arktypePart(part, valueAsSent(part.unit), typeof part.unit, report),
    default: (part) => arktypePart(part, undefined, part.code, report),
  };
}

function arktypePart(
  { code, base }: ArktypePart,
  known: AsSent | undefined,
  what: string,
  report: ConversionReport,
): JsonSchema {
  if (!known) {
    report.unknown(code);
    return base;
  }
  return { ...base, ...sentSchema(known, what, report) };
}
