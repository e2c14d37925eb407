import { loadOptionalPackage, requireFromApplication } from '../../validation/optional-package';
import type { StandardSchema } from '../../validation/standard-schema';
import type { ConversionReport } from './conversion-report';
import { libraryOptions } from './library-options';
import type { JsonSchema } from './portable-keywords';
import { withoutUndefined } from './undefined-in-schema';

type JsonSchemaOf = NonNullable<StandardSchema['~standard']['jsonSchema']>;

/** The forms to ask for, the nearest to a document's first. */
const TARGETS = ['openapi-3.0', 'draft-2020-12', 'draft-07'] as const;

const VALIBOT_CONVERTER = '@valibot/to-json-schema';

interface Conversion {
  readonly converted: JsonSchema;
  readonly unknown: ReadonlySet<string>;
  readonly changed: ReadonlySet<string>;
}

/**
 * The JSON Schema of what is sent of what a Standard Schema puts out, by the library's own conversion. A date is the string
 * that `JSON.stringify` makes of it, for example; a part that cannot be expressed is any JSON. `report` is given both.
 *
 * @throws when the library has no conversion, or it fails.
 *
 * @see https://standardschema.dev/json-schema
 */
export function standardJsonSchema(schema: StandardSchema, report: ConversionReport): JsonSchema {
  const { vendor } = schema['~standard'];
  const { output } = schema['~standard'].jsonSchema ?? converterOf(vendor, schema);
  let best: Conversion | undefined;
  let failure: unknown;
  for (const target of TARGETS) {
    const unknown = new Set<string>();
    const changed = new Set<string>();
    try {
      const found = { unknown: (what: string) => unknown.add(what), changed: (what: string) => changed.add(what) };
      const converted = output({ target, libraryOptions: libraryOptions(vendor, found) });
      if (!best || unknown.size < best.unknown.size) {
        best = { converted, unknown, changed };
      }
      if (unknown.size === 0) {
        break;
      }
    } catch (error) {
      failure = error;
    }
  }
  if (!best) {
    throw failure;
  }
  best.unknown.forEach((what) => report.unknown(what));
  best.changed.forEach((what) => report.changed(what));
  return withoutUndefined(best.converted);
}

function converterOf(vendor: string, schema: StandardSchema): JsonSchemaOf {
  if (vendor !== 'valibot') {
    throw new Error(`${vendor} has no conversion to JSON Schema (~standard.jsonSchema)`);
  }
  const { toStandardJsonSchema } = loadOptionalPackage(
    () => requireFromApplication(VALIBOT_CONVERTER) as typeof import('@valibot/to-json-schema'),
    [VALIBOT_CONVERTER],
    'The JSON Schema of a valibot schema',
  );
  const convertible = toStandardJsonSchema(schema as Parameters<typeof toStandardJsonSchema>[0]);
  return convertible['~standard'].jsonSchema as JsonSchemaOf;
}
