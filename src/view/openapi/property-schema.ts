import { componentName, developersProperties, type ModelProperty } from '../../event/swagger-metadata';
import { asModel } from './model-type';
import { referenceTo, type SchemaObject } from './schema-object';
import { isTransformed, typeByDecorator, variantsOf, type Variants } from './transformer-metadata';
import { rulesOf } from './validator-metadata';
import { schemaByRules, type Rule } from './validator-rules';

/** What can be said of a property's value: nothing. */
const ANYTHING: ModelProperty = { type: 'object', anyOf: [{}] };

/** A property as `@nestjs/swagger` wants it, by its rules, its type and what class-transformer makes of it. */
export function propertyOf(model: Function, name: string, rules: readonly Rule[], mayBeNull: boolean): ModelProperty {
  if (isTransformed(model, name)) {
    return ANYTHING;
  }
  const designType = designTypeOf(model, name);
  const isSequence = designType === Array || designType === Set;
  const ofItems = schemaByRules(
    isSequence || designType === Map ? undefined : designType,
    rules.filter(({ each }) => each),
  );
  const whole = schemaByRules(
    designType,
    rules.filter(({ each }) => !each),
  );
  const isArray = isSequence || whole.type === 'array' || (designType !== Map && rules.some(({ each }) => each));
  const { type: _type, items: _items, required: _required, enum: _enum, ...keywords } = nullable(whole, mayBeNull);
  const bounds = isArray ? keywords : { ...(keywords.nullable && { nullable: keywords.nullable }) };

  const nested = classOf(model, name);
  const variants = variantsOf(model, name);
  if (variants || (nested && designType === Map)) {
    const single = variants ? choiceOf(variants) : referenceTo(componentName(nested!));
    const place = isArray ? { type: 'array', items: single } : { type: 'object', additionalProperties: single };
    return { ...bounds, ...(isArray || designType === Map ? place : asProperty(single)) };
  }
  if (nested) {
    return { type: () => nested, isArray, ...bounds };
  }
  if (isArray) {
    return asProperty(nullable({ ...whole, type: 'array', items: ofItems }, mayBeNull));
  }
  const values = designType === Map && Object.keys(ofItems).length > 0 ? { additionalProperties: ofItems } : {};
  return asProperty(nullable({ ...whole, ...values }, mayBeNull));
}

/** The class of a property by `@Type()`, else by its type in TypeScript, unless nothing is known of that class. */
export function classOf(model: Function, name: string): Function | undefined {
  const byDecorator = asModel(typeByDecorator(model, name));
  const byType = byDecorator ?? asModel(designTypeOf(model, name));
  // Of such a class, a document would say that it is an object; it may be written as anything.
  const isKnown = byDecorator ?? (byType && (rulesOf(byType).length > 0 || isDeveloped(byType)));
  return isKnown ? byType : undefined;
}

/** The classes that the schema of a property names. Those that are its type, `@nestjs/swagger` finds itself. */
export function referredModels(model: Function, name: string): readonly Function[] {
  const variants = variantsOf(model, name);
  if (variants) {
    return [...variants.names.keys()];
  }
  const nested = designTypeOf(model, name) === Map ? classOf(model, name) : undefined;
  return nested ? [nested] : [];
}

/** One of several classes, told apart by a property. */
function choiceOf({ property, names }: Variants): SchemaObject {
  const references = [...names].map(([model, name]) => [name, referenceTo(componentName(model))] as const);
  return {
    oneOf: references.map(([, reference]) => reference),
    discriminator: {
      propertyName: property,
      mapping: Object.fromEntries(references.map(([name, { $ref }]) => [name, $ref])),
    },
  };
}

function nullable(schema: SchemaObject, mayBeNull: boolean): SchemaObject {
  if (!mayBeNull) {
    return schema;
  }
  const values = schema.enum && !schema.enum.includes(null) ? { enum: [...schema.enum, null] } : {};
  return { ...schema, ...values, nullable: true };
}

/** `@nestjs/swagger` wants a type of each property; what a combination says takes the type's place. */
function asProperty({ required: _required, ...schema }: SchemaObject): ModelProperty {
  if (schema.type !== undefined) {
    return schema;
  }
  if (schema.oneOf) {
    return { type: 'object', ...schema };
  }
  const { nullable: isNullable, ...single } = schema;
  return { type: 'object', ...(isNullable && Object.keys(single).length > 0 && { nullable: true }), anyOf: [single] };
}

function isDeveloped(model: Function): boolean {
  return Object.keys(developersProperties(model)).length > 0;
}

/** The type in TypeScript, where it says anything; else that of `@Type()`. */
function designTypeOf(model: Function, name: string): unknown {
  const byType: unknown = Reflect.getMetadata('design:type', model.prototype as object, name);
  return byType === undefined || byType === Object ? typeByDecorator(model, name) : byType;
}
