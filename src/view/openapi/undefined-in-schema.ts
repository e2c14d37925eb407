import { isObject, type JsonSchema } from './portable-keywords';

/** JSON Schema has no word for `undefined`; a library's conversion keeps this one. */
const MARK = 'x-undefined';

/** Stands for `undefined` in a schema until `withoutUndefined` has put it right. In an array, it is sent as `null`. */
export const UNDEFINED: JsonSchema = { type: 'null', [MARK]: true };

/** A schema of what may also be `undefined`. */
export function orUndefined(schema: unknown): JsonSchema {
  return { anyOf: [schema, UNDEFINED] };
}

const COMBINATIONS = ['anyOf', 'oneOf'] as const;

/** What is sent of `undefined`: a property that is `undefined` is absent, an item of an array is `null`. */
export function withoutUndefined(schema: JsonSchema): JsonSchema {
  return convert(schema) as JsonSchema;
}

function convert(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(convert);
  }
  if (!isObject(value)) {
    return value;
  }
  const { properties, required, additionalProperties, [MARK]: _mark, ...others } = value;
  const result: Record<string, unknown> = {};
  for (const [keyword, part] of Object.entries(others)) {
    result[keyword] = isData(keyword) ? part : convert(part);
  }
  if (isObject(properties)) {
    const entries = Object.entries(properties);
    const absent = new Set(entries.filter(([, property]) => mayBeUndefined(property)).map(([name]) => name));
    result['properties'] = Object.fromEntries(
      entries
        .filter(([, property]) => !isUndefined(property))
        .map(([name, property]) => [name, convert(withoutMember(property))]),
    );
    if (Array.isArray(required)) {
      result['required'] = (required as string[]).filter((name) => !absent.has(name));
    }
  } else if (required !== undefined) {
    result['required'] = required;
  }
  if (additionalProperties !== undefined) {
    result['additionalProperties'] = !isUndefined(additionalProperties) && convert(withoutMember(additionalProperties));
  }
  return result;
}

function isData(keyword: string): boolean {
  return ['const', 'enum', 'default', 'example', 'examples'].includes(keyword);
}

function isUndefined(schema: unknown): boolean {
  return isObject(schema) && schema[MARK] === true;
}

function mayBeUndefined(schema: unknown): boolean {
  return isUndefined(schema) || COMBINATIONS.some((keyword) => membersOf(schema, keyword).some(mayBeUndefined));
}

/** A choice without the member that is `undefined`. */
function withoutMember(schema: unknown): unknown {
  let result = schema;
  for (const keyword of COMBINATIONS) {
    const members = membersOf(result, keyword);
    if (members.some(mayBeUndefined)) {
      const { [keyword]: _members, ...rest } = result as JsonSchema;
      const left = members.filter((member) => !isUndefined(member)).map(withoutMember);
      result =
        left.length === 1 && Object.keys(rest).length === 0
          ? left[0]
          : { ...rest, ...(left.length > 0 && { [keyword]: left }) };
    }
  }
  return result;
}

function membersOf(schema: unknown, keyword: string): readonly unknown[] {
  const members = isObject(schema) ? schema[keyword] : undefined;
  return Array.isArray(members) ? members : [];
}
