/** A schema that is valid, and means the same, in OpenAPI 3.0 and 3.1. */
export interface SchemaObject {
  $ref?: string | undefined;
  type?: string | undefined;
  nullable?: true | undefined;
  enum?: unknown[] | undefined;
  properties?: Record<string, SchemaObject> | undefined;
  required?: string[] | undefined;
  additionalProperties?: boolean | SchemaObject | undefined;
  items?: SchemaObject | undefined;
  allOf?: SchemaObject[] | undefined;
  anyOf?: SchemaObject[] | undefined;
  oneOf?: SchemaObject[] | undefined;
  not?: SchemaObject | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  [keyword: string]: unknown;
}

/** The document's components by their names, as far as a schema refers to them. */
export type Components = ReadonlyMap<string, SchemaObject>;

const COMPONENTS = '#/components/schemas/';

/** A reference to a component. */
export function referenceTo(name: string): SchemaObject {
  return { $ref: `${COMPONENTS}${name}` };
}

/** The name of the component that a reference leads to. */
export function referencedName($ref: string): string {
  return $ref.startsWith(COMPONENTS) ? $ref.slice(COMPONENTS.length) : $ref;
}

/** A component's name from a title: `Stock price` is `StockPrice`. */
export function componentNameFrom(title: unknown): string | undefined {
  if (typeof title !== 'string') {
    return undefined;
  }
  const words = title.split(/[^\w.-]+/).filter(Boolean);
  return words.map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join('') || undefined;
}

/** Whether a schema says nothing: any JSON fits. */
export function isAnyJson(schema: SchemaObject): boolean {
  return Object.keys(schema).length === 0;
}

/**
 * Bounds that exclude their own value. `exclusiveMinimum` is a boolean in 3.0 and a number in 3.1, so the value is
 * excluded by `not`; of integers, the next one is the bound.
 */
export function withExclusiveBounds(
  schema: SchemaObject,
  above: number | undefined,
  below: number | undefined,
): SchemaObject {
  const excluded: number[] = [];
  const bounded = { ...schema };
  const isInteger = schema.type === 'integer';
  if (above !== undefined && (bounded.minimum === undefined || bounded.minimum <= above)) {
    bounded.minimum = isInteger ? Math.floor(above) + 1 : above;
    excluded.push(above);
  }
  if (below !== undefined && (bounded.maximum === undefined || bounded.maximum >= below)) {
    bounded.maximum = isInteger ? Math.ceil(below) - 1 : below;
    excluded.push(below);
  }
  if (excluded.length === 0 || isInteger) {
    return bounded;
  }
  return bounded.not
    ? { ...bounded, allOf: [...(bounded.allOf ?? []), { not: { enum: excluded } }] }
    : { ...bounded, not: { enum: excluded } };
}

/** One schema for what fits any of several. */
export function anyOfSchemas(schemas: readonly SchemaObject[], keyword: 'anyOf' | 'oneOf' = 'anyOf'): SchemaObject {
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
  if (distinct.length === 0 || distinct.some(isAnyJson)) {
    return {};
  }
  return distinct.length === 1 ? distinct[0]! : { [keyword]: distinct };
}

/** The type of all of some values, where they have one. */
export function typeOfAll(values: readonly unknown[]): string | undefined {
  const types = new Set(values.filter((value) => value !== null).map((value) => typeof value));
  const [type] = types;
  return types.size === 1 && (type === 'string' || type === 'number' || type === 'boolean') ? type : undefined;
}
