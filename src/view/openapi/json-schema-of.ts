import { isObject, type JsonSchema } from './portable-keywords';
import type { SchemaObject } from './schema-object';

const SCHEMAS: ReadonlySet<string> = new Set(['items', 'not', 'additionalProperties']);
const LISTS: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf']);

/** Keywords beside which a type of its own says nothing of `null`. */
const RESTRICTING = ['$ref', 'allOf', 'anyOf', 'oneOf', 'not'];

/** A schema in the dialect of OpenAPI 3.1 and later, where `null` is a type: `@nestjs/swagger` 11 does not convert it. */
export function jsonSchemaOf({ nullable, ...schema }: SchemaObject): JsonSchema {
  const converted = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, convertedKeyword(key, value)]),
  );
  if (!nullable) {
    return converted;
  }
  if (RESTRICTING.some((key) => key in converted)) {
    return { anyOf: [converted, { type: 'null' }] };
  }
  return schema.type === undefined ? converted : { ...converted, type: [schema.type, 'null'] };
}

function convertedKeyword(key: string, value: unknown): unknown {
  if (SCHEMAS.has(key) && isObject(value)) {
    return jsonSchemaOf(value as SchemaObject);
  }
  if (LISTS.has(key)) {
    return (value as SchemaObject[]).map(jsonSchemaOf);
  }
  if (key === 'properties') {
    const properties = Object.entries(value as Record<string, SchemaObject>);
    return Object.fromEntries(properties.map(([name, property]) => [name, jsonSchemaOf(property)]));
  }
  return value;
}
