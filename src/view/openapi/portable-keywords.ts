import type { SchemaObject } from './schema-object';

/** A JSON Schema as a library gives it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a schema allows `null` and nothing else. */
export function isNull(value: unknown): boolean {
  return (
    isObject(value) &&
    (value['type'] === 'null' ||
      value['const'] === null ||
      (Array.isArray(value['enum']) && value['enum'].length === 1 && value['enum'][0] === null))
  );
}

/** The bounds of a schema that exclude their own value. */
export function exclusiveBounds(value: JsonSchema): [above: number | undefined, below: number | undefined] {
  return [
    exclusiveBound(value['exclusiveMinimum'], value['minimum']),
    exclusiveBound(value['exclusiveMaximum'], value['maximum']),
  ];
}

/** A number since draft 6; before, and in OpenAPI 3.0, a boolean that changes what the inclusive bound means. */
function exclusiveBound(exclusive: unknown, inclusive: unknown): number | undefined {
  const bound = exclusive === true ? inclusive : exclusive;
  return typeof bound === 'number' ? bound : undefined;
}

/** Without combinations of one, and with `null` among the values of what may be null. */
export function simplified(schema: SchemaObject): SchemaObject {
  let result = schema;
  for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const) {
    const { [keyword]: members, ...rest } = result;
    const only = members?.length === 1 ? members[0]! : undefined;
    // Beside `$ref`, other keywords are ignored in 3.0: such a reference stays in `allOf`.
    if (only && (only.$ref === undefined || isEmpty(rest)) && Object.keys(only).every((key) => !(key in rest))) {
      result = { ...rest, ...only };
    } else if (only && keyword !== 'allOf' && !rest.allOf) {
      result = { ...rest, allOf: [only] };
    }
  }
  if (result.nullable && result.enum && !result.enum.includes(null)) {
    result = { ...result, enum: [...result.enum, null] };
  }
  return result;
}

function isEmpty(schema: object): boolean {
  return Object.keys(schema).length === 0;
}
