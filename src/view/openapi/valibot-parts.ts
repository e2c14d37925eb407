import { asSent, classAsSent } from './as-sent';
import { sentLiterals, sentSchema, type ConversionReport } from './conversion-report';
import type { JsonSchema } from './portable-keywords';
import { orUndefined } from './undefined-in-schema';
import { ZOD_KINDS } from './zod-parts';

interface ValibotSchema {
  readonly type: string;
  readonly default?: unknown;
  readonly class?: Function;
  readonly literal?: unknown;
  readonly options?: readonly unknown[];
}

export interface ValibotSchemaPart {
  readonly valibotSchema: ValibotSchema;
  readonly jsonSchema: JsonSchema;
  readonly errors?: readonly string[] | undefined;
}

export interface ValibotActionPart {
  readonly valibotAction: { readonly type: string };
  readonly jsonSchema: JsonSchema;
  readonly errors?: readonly string[] | undefined;
}

/** What valibot calls kinds of values that have another name in JavaScript. */
const VALIBOT_KINDS: Readonly<Record<string, string>> = { ...ZOD_KINDS, blob: 'Blob', promise: 'Promise' };

/** What valibot's conversion leaves as if it were not there, and what it makes of a value. */
const VALIBOT_ACTIONS: Readonly<Record<string, JsonSchema | undefined>> = {
  to_boolean: { type: 'boolean' },
  to_date: asSent('Date')!.schema,
  to_number: { type: 'number' },
  to_string: { type: 'string' },
};

const VALIBOT_UNKNOWN: ReadonlySet<string> = new Set([
  'transform',
  'transform_async',
  'raw_transform',
  'raw_transform_async',
  'parse_json',
]);

/** valibot's way: a schema in place of its conversion's. */
export function overrideValibotSchema(
  { valibotSchema, jsonSchema, errors = [] }: ValibotSchemaPart,
  report: ConversionReport,
): JsonSchema | undefined {
  const { type, class: model } = valibotSchema;
  const known = model ? classAsSent(model) : asSent(VALIBOT_KINDS[type] ?? type);
  if (known) {
    return sentSchema(known, model?.name ?? type, report);
  }
  const values = type === 'literal' ? [valibotSchema.literal] : type === 'picklist' ? valibotSchema.options : undefined;
  const sent = values && sentLiterals(values, report);
  if (sent) {
    return sent;
  }
  // Where there is a default, it takes the place of `undefined`.
  if (['optional', 'undefinedable', 'nullish'].includes(type) && valibotSchema.default === undefined) {
    return orUndefined(jsonSchema);
  }
  errors.forEach((error) => report.unknown(error));
  return undefined;
}

/** The same for what is done to a value in a pipe. */
export function overrideValibotAction(
  { valibotAction: { type }, jsonSchema, errors = [] }: ValibotActionPart,
  report: ConversionReport,
): JsonSchema | undefined {
  if (type === 'to_bigint') {
    return sentSchema(asSent('bigint')!, 'bigint', report);
  }
  if (VALIBOT_ACTIONS[type]) {
    return VALIBOT_ACTIONS[type];
  }
  if (VALIBOT_UNKNOWN.has(type)) {
    report.unknown(type);
    return {};
  }
  // A bound of a date or of a bigint, for example: what is sent is a string, or nothing.
  if (jsonSchema['type'] === 'number' || !type.endsWith('_value')) {
    errors.forEach((error) => report.unknown(error));
  }
  return undefined;
}
