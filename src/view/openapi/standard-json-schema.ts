import { loadOptionalPackage, requireFromApplication } from '../../validation/optional-package';
import type { StandardSchema } from '../../validation/standard-schema';
import type { JsonSchema } from './portable-keywords';

type JsonSchemaOf = NonNullable<StandardSchema['~standard']['jsonSchema']>;

/** Told of each part of a schema that JSON Schema cannot express. */
export type OnLoss = (what: string) => void;

/** The forms to ask for, the nearest to a document's first. */
const TARGETS = ['openapi-3.0', 'draft-2020-12', 'draft-07'] as const;

const VALIBOT_CONVERTER = '@valibot/to-json-schema';

/** What JSON.stringify makes of a Date. */
const DATE = { type: 'string', format: 'date-time' } as const;

/**
 * The JSON Schema of what a Standard Schema puts out, by the library's own conversion. Dates are the strings that they are
 * on the wire; a part that cannot be expressed is any JSON, and `onLoss` is told of it.
 *
 * @throws when the library has no conversion, or it fails.
 *
 * @see https://standardschema.dev/json-schema
 */
export function standardJsonSchema(schema: StandardSchema, onLoss: OnLoss): JsonSchema {
  const { vendor } = schema['~standard'];
  const { output } = schema['~standard'].jsonSchema ?? converterOf(vendor, schema);
  let best: { readonly converted: JsonSchema; readonly losses: ReadonlySet<string> } | undefined;
  let failure: unknown;
  for (const target of TARGETS) {
    const losses = new Set<string>();
    try {
      const converted = output({ target, libraryOptions: libraryOptions(vendor, (what) => losses.add(what)) });
      if (!best || losses.size < best.losses.size) {
        best = { converted, losses };
      }
      if (losses.size === 0) {
        break;
      }
    } catch (error) {
      failure = error;
    }
  }
  if (!best) {
    throw failure;
  }
  best.losses.forEach((what) => onLoss(what));
  return best.converted;
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

/** Each library's own way to go on at what JSON Schema cannot express. */
function libraryOptions(vendor: string, onLoss: OnLoss): Record<string, unknown> | undefined {
  switch (vendor) {
    case 'zod':
      return {
        unrepresentable: 'any',
        override: (part: { zodSchema: { def: { type: string } }; jsonSchema: JsonSchema }) => {
          const { type } = part.zodSchema.def;
          if (type === 'date') {
            Object.assign(part.jsonSchema, DATE);
          } else if (ZOD_UNREPRESENTABLE.has(type)) {
            onLoss(type);
          }
        },
      };
    case 'arktype':
      return {
        fallback: {
          date: (part: { base: JsonSchema }) => ({ ...part.base, ...DATE }),
          default: (part: { code: string; base: JsonSchema }) => {
            onLoss(part.code);
            return part.base;
          },
        },
      };
    case 'valibot':
      return {
        errorMode: 'ignore',
        overrideSchema: (part: { valibotSchema: { type: string }; errors?: readonly string[] }) => {
          if (part.valibotSchema.type === 'date') {
            return DATE;
          }
          part.errors?.forEach(onLoss);
          return undefined;
        },
        overrideAction: (part: { errors?: readonly string[] }) => {
          part.errors?.forEach(onLoss);
          return undefined;
        },
      };
    default:
      return undefined;
  }
}

const ZOD_UNREPRESENTABLE: ReadonlySet<string> = new Set([
  'bigint',
  'symbol',
  'undefined',
  'void',
  'map',
  'set',
  'transform',
  'nan',
  'custom',
  'function',
]);
