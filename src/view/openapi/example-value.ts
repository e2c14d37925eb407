import { isAnyJson, referencedName, type Components, type SchemaObject } from './schema-object';

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-31T09:30:00.000Z',
  date: '2026-01-31',
  time: '09:30:00Z',
  duration: 'PT90S',
  email: 'ada@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '4f5b1c9e-7d8a-4b2f-9c3d-1e6a7b8c9d0e',
  byte: 'ZXhhbXBsZQ==',
  base64: 'ZXhhbXBsZQ==',
};

/** What is tried for a string of a pattern. */
const TEXTS = [
  'string',
  'ABCD',
  'ABC',
  'AB',
  'A',
  'abc',
  '1',
  '123',
  '2026-01-31',
  '#336699',
  '0123456789abcdef01234567',
];

/** What a schema's example, default, values, format and type give; `undefined` where there is nothing to go by. */
export function exampleOf(schema: SchemaObject, components: Components, path: readonly string[] = []): unknown {
  const given = schema['example'] ?? firstOf(schema['examples']) ?? schema['default'];
  if (given !== undefined && typeof given !== 'function') {
    return given;
  }
  if (schema.enum && schema.enum.length > 0) {
    return schema.enum[0];
  }
  if (schema.$ref !== undefined) {
    const name = referencedName(schema.$ref);
    const component = path.includes(name) ? undefined : components.get(name);
    return component && exampleOf(component, components, [...path, name]);
  }
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices && schema.type === undefined) {
    const names = tagsIn(schema);
    return firstDefined(
      choices.map((choice) => () => withTag(exampleOf(choice, components, path), names.get(choice.$ref))),
    );
  }
  if (schema.allOf && (schema.type === undefined || schema.type === 'object')) {
    const { allOf, ...rest } = schema;
    return exampleOfAll([...allOf, rest], components, path);
  }
  switch (schema.type) {
    case 'object':
      return exampleObject(schema, components, path);
    case 'array':
      return exampleArray(schema, components, path);
    case 'string':
      return exampleString(schema);
    case 'integer':
    case 'number':
      return exampleNumber(schema);
    case 'boolean':
      return true;
    default:
      return schema.properties && exampleObject(schema, components, path);
  }
}

type Tag = Readonly<Record<string, unknown>>;

/** What a discriminator says of the members of a choice, by their references. */
function tagsIn({ discriminator }: SchemaObject): ReadonlyMap<string | undefined, Tag> {
  const { propertyName, mapping = {} } = (discriminator ?? {}) as {
    propertyName?: string;
    mapping?: Readonly<Record<string, string>>;
  };
  return new Map(
    propertyName === undefined
      ? []
      : Object.entries(mapping).map(([name, reference]) => [reference, { [propertyName]: name }]),
  );
}

function withTag(example: unknown, tag: Tag | undefined): unknown {
  return tag && typeof example === 'object' && example !== null ? { ...example, ...tag } : example;
}

function exampleObject(schema: SchemaObject, components: Components, path: readonly string[]): unknown {
  const { properties = {}, required = [], additionalProperties } = schema;
  const object: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties)) {
    // In its place, any JSON is an empty object; what refers to itself without end is left out.
    const value = isAny(property) ? {} : exampleOf(property, components, path);
    if (value !== undefined) {
      object[name] = value;
    } else if (required.includes(name)) {
      return undefined;
    }
  }
  if (typeof additionalProperties === 'object' && Object.keys(properties).length === 0) {
    const value = exampleOf(additionalProperties, components, path);
    return value === undefined ? object : { ...object, key: value };
  }
  return object;
}

function exampleArray(schema: SchemaObject, components: Components, path: readonly string[]): unknown[] | undefined {
  const least = Number(schema['minItems'] ?? 0);
  const item = schema.items && exampleOf(schema.items, components, path);
  if (item === undefined) {
    return least > 0 ? undefined : [];
  }
  return schema['uniqueItems'] === true ? [item] : Array.from({ length: Math.min(Math.max(least, 1), 10) }, () => item);
}

function exampleString(schema: SchemaObject): string {
  const least = Number(schema['minLength'] ?? 0);
  const most = Number(schema['maxLength'] ?? Infinity);
  const format = FORMATS[String(schema['format'])];
  const fits = (text: string): boolean =>
    text.length >= least && text.length <= most && matches(text, schema['pattern']);
  const filled = 'string'.padEnd(Math.min(least, 100), 'string').slice(0, most);
  return format !== undefined && fits(format) ? format : ([filled, ...TEXTS].find(fits) ?? format ?? filled);
}

function matches(text: string, pattern: unknown): boolean {
  if (typeof pattern !== 'string') {
    return true;
  }
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return false;
  }
}

function exampleNumber(schema: SchemaObject): number {
  const { minimum = -Infinity, maximum = Infinity } = schema;
  const step = Number(schema['multipleOf'] ?? 1);
  const least = Number.isFinite(minimum) ? Math.ceil(minimum / step) * step : -Infinity;
  const most = Number.isFinite(maximum) ? Math.floor(maximum / step) * step : Infinity;
  const candidates = [step, least, least + step, most, most - step, 0, (minimum + maximum) / 2];
  const fits = (value: number): boolean =>
    Number.isFinite(value) &&
    value >= minimum &&
    value <= maximum &&
    (schema.type !== 'integer' || Number.isInteger(value)) &&
    !isExcluded(schema, value);
  return candidates.find(fits) ?? 0;
}

function isExcluded(schema: SchemaObject, value: number): boolean {
  return [schema.not, ...(schema.allOf ?? []).map(({ not }) => not)].some((not) => not?.enum?.includes(value));
}

function exampleOfAll(schemas: readonly SchemaObject[], components: Components, path: readonly string[]): unknown {
  const examples = schemas
    .map((schema) => exampleOf(schema, components, path))
    .filter((example) => example !== undefined);
  return examples.length > 1 && examples.every((example) => typeof example === 'object')
    ? (Object.assign({}, ...(examples as object[])) as unknown)
    : examples[0];
}

function isAny(schema: SchemaObject): boolean {
  return isAnyJson(schema) || (schema.anyOf?.length === 1 && isAnyJson(schema.anyOf[0]!));
}

function firstOf(examples: unknown): unknown {
  return Array.isArray(examples) ? (examples[0] as unknown) : undefined;
}

function firstDefined(makers: readonly (() => unknown)[]): unknown {
  for (const make of makers) {
    const value = make();
    if (value !== undefined) {
      return value;
    }
  }
  return undefined;
}
