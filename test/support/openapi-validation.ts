import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv, type AnySchema, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020';

/** An OpenAPI document, as far as the tests look into it. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null | undefined;

/** What is wrong with a document by the official schema of its version, dangling references included; `[]` when nothing is. */
export async function findingsOf(document: object): Promise<unknown[]> {
  // As it is served: a key whose value is undefined is not there.
  const served = JSON.parse(JSON.stringify(document)) as OpenApiDocument;
  const result = await new Validator().validate(served as unknown as Record<string, unknown>);
  const findings: unknown[] = [...(result.valid ? [] : [result.errors].flat()), ...undeclaredParameters(served)];
  if (!served.openapi.startsWith('3.0')) {
    // The official schema leaves the schemas in a document to the dialect, which is JSON Schema 2020-12 from 3.1 on.
    const ajv = new Ajv2020({ strict: false });
    for (const schema of schemasIn(served as unknown as Json)) {
      if (!ajv.validateSchema(schema as AnySchema)) {
        findings.push(ajv.errors);
      }
    }
  }
  return findings;
}

/** Each parameter in a path must be declared, which the official schemas cannot say. */
function undeclaredParameters({ paths }: OpenApiDocument): string[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const { parameters = [] } = operation as { parameters?: { name: string; in: string }[] };
      const declared = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => `{${name}}`);
      const missing = (path.match(/\{[^}]+\}/g) ?? []).filter((name) => !declared.includes(name));
      return missing.map((name) => `${method} ${path} does not declare ${name}`);
    }),
  );
}

/** A function that tells whether a value fits a schema of a document, by the rules of the document's version. */
export function fitsIn(document: OpenApiDocument, schema: unknown): (value: unknown) => boolean {
  const is30 = document.openapi.startsWith('3.0');
  const options = { strict: false, validateFormats: false };
  const ajv = is30 ? new Ajv(options) : new Ajv2020(options);
  const served = JSON.parse(JSON.stringify([document.components?.schemas ?? {}, schema])) as Json[];
  const [schemas, root] = is30 ? served.map(from30) : served;
  const validate: ValidateFunction = ajv.compile({ components: { schemas }, allOf: [root] } as AnySchema);
  return (value) => validate(value) as boolean;
}

/** What OpenAPI 3.0 says in words of its own, in the words of JSON Schema. */
function from30(schema: Json): Json {
  if (Array.isArray(schema)) {
    return schema.map(from30);
  }
  if (typeof schema !== 'object' || schema === null) {
    return schema;
  }
  const { nullable, exclusiveMinimum, exclusiveMaximum, ...rest } = schema;
  const converted: Record<string, Json> = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, key === 'enum' || key === 'example' ? value : from30(value)]),
  );
  if (exclusiveMinimum === true || exclusiveMaximum === true) {
    throw new Error('A bound is written in the way of 3.0 alone');
  }
  return nullable === true ? { anyOf: [converted, { type: 'null' }] } : converted;
}

const SCHEMA_KEYS = ['items', 'not', 'additionalProperties', 'schema', 'itemSchema', 'contentSchema'];
const SCHEMA_LISTS = ['allOf', 'anyOf', 'oneOf'];
const SCHEMA_MAPS = ['properties', 'schemas'];

function schemasIn(node: Json, found: Json[] = []): Json[] {
  if (typeof node !== 'object' || node === null) {
    return found;
  }
  for (const [key, value] of Object.entries(node)) {
    if (SCHEMA_KEYS.includes(key)) {
      found.push(value as Json);
    } else if (SCHEMA_LISTS.includes(key) || SCHEMA_MAPS.includes(key)) {
      found.push(...(Object.values(value as object) as Json[]));
    }
    schemasIn(value as Json, found);
  }
  return found;
}
