import {
  componentName,
  describedProperties,
  modelsDescribedWith,
  type ModelProperty,
} from '../../event/swagger-metadata';
import { asModel, enumValues, typeOf } from './model-type';
import { referenceTo, type SchemaObject } from './schema-object';

/** What of a property's description is no keyword of a schema. */
const NOT_KEYWORDS = new Set([
  'type',
  'isArray',
  'required',
  'name',
  'enum',
  'enumName',
  'enumSchema',
  'link',
  'items',
]);

/**
 * A class as a schema, as its description says it; the classes that it refers to are added to `components`. It is for
 * making examples: the document's own schemas are made by `@nestjs/swagger` of the same description.
 */
export function shapeOf(model: Function, components: Map<string, SchemaObject>): SchemaObject {
  const name = componentName(model);
  if (!components.has(name)) {
    // The place is taken first: a class may refer to itself.
    components.set(name, {});
    const properties = Object.entries(describedProperties(model)).map(
      ([key, property]) => [typeof property['name'] === 'string' ? property['name'] : key, property] as const,
    );
    components.set(name, {
      type: 'object',
      properties: Object.fromEntries(properties.map(([key, property]) => [key, propertyShape(property, components)])),
      required: properties.filter(([, { required }]) => required !== false).map(([key]) => key),
    });
    for (const other of modelsDescribedWith(model)) {
      shapeOf(other, components);
    }
  }
  return referenceTo(name);
}

function propertyShape(property: ModelProperty, components: Map<string, SchemaObject>): SchemaObject {
  const { type, isArray } = typeOf(property);
  const keywords = Object.fromEntries(Object.entries(property).filter(([key]) => !NOT_KEYWORDS.has(key)));
  const values = property.enum === undefined ? {} : { enum: enumValues(property.enum) };
  const items = property['items'] as SchemaObject | undefined;
  // Beside a combination, `@nestjs/swagger` takes the type for a placeholder.
  const isCombined = ['oneOf', 'anyOf', 'allOf'].some((keyword) => keyword in keywords);
  const single = items && isArray ? items : { ...(!isCombined && typeShape(type, components)), ...values };
  return isArray ? { ...keywords, type: 'array', items: single } : { ...single, ...(items && { items }), ...keywords };
}

/** The schema of a type as `@ApiProperty` takes it. */
export function typeShape(type: unknown, components = new Map<string, SchemaObject>()): SchemaObject {
  if (typeof type === 'string') {
    return { type };
  }
  const model = asModel(type);
  if (model) {
    return shapeOf(model, components);
  }
  switch (type) {
    case String:
      return { type: 'string' };
    case Number:
      return { type: 'number' };
    case Boolean:
      return { type: 'boolean' };
    case BigInt:
      return { type: 'integer' };
    case Date:
      return { type: 'string', format: 'date-time' };
    case Array:
      return { type: 'array', items: {} };
    case Object:
      return { type: 'object' };
    default:
      return typeof type === 'object' && type !== null ? literalShape(type, components) : {};
  }
}

/** An enum, or the object literal that the compiler plugin writes for an inline type. */
function literalShape(type: object, components: Map<string, SchemaObject>): SchemaObject {
  const members = Object.entries(type) as [string, unknown][];
  if (members.every(([, member]) => typeof member === 'string' || typeof member === 'number')) {
    return { enum: enumValues(type) };
  }
  return {
    type: 'object',
    properties: Object.fromEntries(
      members.map(([key, member]) => [key, propertyShape(member as ModelProperty, components)]),
    ),
  };
}
