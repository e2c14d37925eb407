import { exclusiveBounds, isNull, isObject, simplified, type JsonSchema } from './portable-keywords';
import {
  anyOfSchemas,
  componentNameFrom,
  referenceTo,
  typeOfAll,
  withExclusiveBounds,
  type SchemaObject,
} from './schema-object';

/** A schema with the components that it refers to. */
export interface PortableSchema {
  readonly schema: SchemaObject;
  readonly components: ReadonlyMap<string, SchemaObject>;
}

/** What stays as it is: keywords that mean the same in JSON Schema, OpenAPI 3.0 and 3.1. */
const KEPT: ReadonlySet<string> = new Set([
  'title',
  'description',
  'default',
  'example',
  'format',
  'pattern',
  'multipleOf',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'readOnly',
  'writeOnly',
  'deprecated',
  'externalDocs',
]);

const NULL: SchemaObject = { nullable: true, enum: [null] };

/** Keys that libraries make up for definitions without a name of their own. */
const GENERATED_KEY = /^(?:__schema|[a-z]+)?\d+$/;

/**
 * Brings a JSON Schema (of OpenAPI 3.0, draft 7 or 2020-12) into the form that is valid, and means the same, in OpenAPI
 * 3.0 and 3.1. The document's version is not known when routes are described.
 *
 * What is defined beside the schema becomes components, and so does the schema itself when it has a title and is an
 * object, or when it refers to itself.
 *
 * @param owner the component's name for what has none of its own.
 */
export function portableSchema(root: JsonSchema, owner: string): PortableSchema {
  return new Portable(root, componentNameFrom(root['title']) ?? componentNameFrom(owner) ?? 'Data').convertRoot();
}

class Portable {
  private readonly components = new Map<string, SchemaObject>();
  private readonly names = new Map<string, string>();

  constructor(
    private readonly root: JsonSchema,
    private readonly owner: string,
  ) {}

  convertRoot(): PortableSchema {
    const isNamed = typeof this.root['title'] === 'string' && this.root['type'] === 'object';
    const schema = isNamed ? this.refer('#') : this.convert(this.root);
    // A schema that refers to itself is a component after all.
    return { schema: this.names.has('#') ? this.refer('#') : schema, components: this.components };
  }

  private convert(value: unknown): SchemaObject {
    if (!isObject(value)) {
      return value === false ? { not: {} } : {};
    }
    const schema: SchemaObject = {};
    for (const [keyword, given] of Object.entries(value)) {
      if (given !== undefined && (KEPT.has(keyword) || keyword.startsWith('x-'))) {
        schema[keyword] = given;
      }
    }
    if (schema['example'] === undefined && Array.isArray(value['examples']) && value['examples'].length > 0) {
      schema['example'] = value['examples'][0] as unknown;
    }
    if (value['contentEncoding'] === 'base64') {
      schema['format'] = 'byte';
    }
    return this.withTypes(this.withCombinations(this.withObject(this.withArray(schema, value), value), value), value);
  }

  private withArray(schema: SchemaObject, value: JsonSchema): SchemaObject {
    const { prefixItems, items } = value;
    const positions = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined;
    if (!positions) {
      return items === undefined ? schema : { ...schema, items: this.convert(items) };
    }
    const rest = Array.isArray(prefixItems) ? items : value['additionalItems'];
    const members = positions.map((position) => this.convert(position));
    return {
      ...schema,
      // OpenAPI 3.0 has no positions: each item is one of them.
      items: anyOfSchemas(isObject(rest) ? [...members, this.convert(rest)] : members),
      ...(rest === false && schema['maxItems'] === undefined && { maxItems: positions.length }),
    };
  }

  private withObject(schema: SchemaObject, value: JsonSchema): SchemaObject {
    const { properties, required, additionalProperties, patternProperties } = value;
    const result = { ...schema };
    if (isObject(properties)) {
      result.properties = Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, this.convert(property)]),
      );
    }
    if (Array.isArray(required) && required.length > 0) {
      result.required = required as string[];
    }
    if (isObject(additionalProperties)) {
      result.additionalProperties = this.convert(additionalProperties);
    } else if (typeof additionalProperties === 'boolean') {
      result.additionalProperties = additionalProperties;
    }
    const patterns = Object.values(isObject(patternProperties) ? patternProperties : {});
    const others = result.additionalProperties;
    // OpenAPI 3.0 has no patterns of names. Where other names are unrestricted, nothing is lost.
    if (patterns.length > 0 && others !== undefined && others !== true) {
      const members = patterns.map((pattern) => this.convert(pattern));
      result.additionalProperties = anyOfSchemas(others === false ? members : [...members, others]);
    }
    return result;
  }

  private withCombinations(schema: SchemaObject, value: JsonSchema): SchemaObject {
    let result = { ...schema };
    const all = Array.isArray(value['allOf']) ? value['allOf'].map((member) => this.convert(member)) : [];
    if (typeof value['$ref'] === 'string') {
      all.push(this.refer(value['$ref']));
    }
    if (all.length > 0) {
      result.allOf = all;
    }
    if (value['not'] !== undefined) {
      result.not = this.convert(value['not']);
    }
    for (const keyword of ['anyOf', 'oneOf'] as const) {
      const given = value[keyword];
      if (Array.isArray(given) && given.length > 0) {
        const members = given.filter((member) => !isNull(member)).map((member) => this.convert(member));
        result = {
          ...result,
          ...(members.length < given.length && { nullable: true as const }),
          ...(members.length > 0 ? { [keyword]: members } : NULL),
        };
      }
    }
    return result;
  }

  private withTypes(schema: SchemaObject, value: JsonSchema): SchemaObject {
    let result: SchemaObject = { ...schema };
    const given = value['type'];
    const types = (Array.isArray(given) ? given : given === undefined ? [] : [given]) as string[];
    const others = types.filter((type) => type !== 'null');
    if (value['nullable'] === true || others.length < types.length) {
      result.nullable = true;
    }
    const values = 'const' in value ? [value['const']] : value['enum'];
    if (Array.isArray(values) && values.length > 0) {
      result.enum = [...(values as unknown[])];
    }
    if (result.enum?.every((one) => one === null) || (types.length > 0 && others.length === 0)) {
      return { ...result, ...NULL };
    }
    if (others.length > 1) {
      const members = others.map((type) => ({ type }));
      result = result.anyOf
        ? { ...result, allOf: [...(result.allOf ?? []), { anyOf: members }] }
        : { ...result, anyOf: members };
    } else {
      const type = others[0] ?? typeOfAll(result.enum ?? []);
      result = type === undefined ? result : { ...result, type };
    }
    if (result.type === 'array' && !result.items) {
      result.items = {};
    }
    return simplified(withExclusiveBounds(result, ...exclusiveBounds(value)));
  }

  /** The reference to the component that a part of the schema becomes. */
  private refer(pointer: string): SchemaObject {
    const known = this.names.get(pointer);
    if (known !== undefined) {
      return referenceTo(known);
    }
    const target = this.resolve(pointer);
    if (!isObject(target)) {
      return {};
    }
    const name = this.nameOf(pointer, target);
    this.names.set(pointer, name);
    // The place is taken first: the target may refer to itself.
    this.components.set(name, {});
    this.components.set(name, this.convert(target));
    return referenceTo(name);
  }

  private resolve(pointer: string): unknown {
    if (!pointer.startsWith('#')) {
      return undefined;
    }
    let target: unknown = this.root;
    for (const key of keysOf(pointer)) {
      target = isObject(target) ? target[key] : Array.isArray(target) ? (target[Number(key)] as unknown) : undefined;
    }
    return target;
  }

  private nameOf(pointer: string, target: JsonSchema): string {
    const [section, key = '', ...below] = keysOf(pointer);
    const isDefinition = (section === '$defs' || section === 'definitions') && below.length === 0;
    const own = isDefinition && !GENERATED_KEY.test(key) ? componentNameFrom(key) : componentNameFrom(target['title']);
    const wanted = own ?? this.owner;
    let name = wanted;
    for (let n = 2; this.components.has(name); n++) {
      name = `${wanted}_${n}`;
    }
    return name;
  }
}

/** The keys of a JSON pointer in a URI fragment. */
function keysOf(pointer: string): string[] {
  const segments = pointer.slice(1).split('/').slice(1);
  return segments.map((segment) => decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~'));
}
