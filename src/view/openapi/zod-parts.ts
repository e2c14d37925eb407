import { asSent } from './as-sent';
import { sentLiterals, sentSchema, type ConversionReport } from './conversion-report';
import type { JsonSchema } from './portable-keywords';
import { orUndefined } from './undefined-in-schema';

interface ZodSchema {
  readonly def: { readonly type: string; readonly values?: readonly unknown[]; readonly element?: ZodSchema };
}

export interface ZodPart {
  readonly zodSchema: ZodSchema;
  /** It is altered in place. */
  readonly jsonSchema: Record<string, unknown>;
}

/** What zod calls kinds of values that have another name in JavaScript. */
export const ZOD_KINDS: Readonly<Record<string, string>> = {
  date: 'Date',
  file: 'File',
  map: 'Map',
  nan: 'NaN',
  set: 'Set',
};

const ZOD_UNKNOWN: ReadonlySet<string> = new Set(['transform', 'custom']);

/** zod's way: the JSON Schema of each part may be altered. */
export function overrideZod({ zodSchema, jsonSchema }: ZodPart, report: ConversionReport): void {
  const { type, values = [], element } = zodSchema.def;
  const sent = type === 'literal' ? sentLiterals(values, report) : undefined;
  const known = asSent(ZOD_KINDS[type] ?? type);
  if (sent) {
    replace(jsonSchema, sent);
  } else if (known) {
    replace(jsonSchema, sentSchema(known, type, report));
  } else if (ZOD_UNKNOWN.has(type)) {
    report.unknown(type);
  } else if (type === 'array' && element?.def.type === 'optional') {
    jsonSchema['items'] = orUndefined(jsonSchema['items']);
  }
}

function replace(target: Record<string, unknown>, schema: JsonSchema): void {
  for (const keyword of ['type', 'format', 'contentEncoding', 'const', 'enum', 'not']) {
    delete target[keyword];
  }
  Object.assign(target, schema);
}
