import type { Logger } from '@nestjs/common';
import { messageOf } from '../../event/error-text';
import {
  describeModelLater,
  developersProperties,
  isDescribedByPlugin,
  type ModelProperty,
} from '../../event/swagger-metadata';
import { asModel, modelOf } from './model-type';
import type { SchemaObject } from './schema-object';
import { schemaByRules, type Rule } from './validator-rules';

interface ExposeMetadata {
  readonly options?: { readonly name?: string; readonly toClassOnly?: boolean };
}

/** What class-transformer keeps of its decorators; Nest's own packages read it there, too. */
interface TransformerStorage {
  getStrategy(model: Function): 'none' | 'excludeAll' | 'exposeAll';
  getExposedProperties(model: Function, direction: number): string[];
  getExcludedProperties(model: Function, direction: number): string[];
  findExposeMetadata(model: Function, name: string): ExposeMetadata | undefined;
  findTypeMetadata(model: Function, name: string): { readonly typeFunction?: () => unknown } | undefined;
}

/** class-transformer's number for the way from an instance to what is sent. */
const TO_PLAIN = 1;

/** The classes that have been seen to; what their decorators say does not change. */
const seen = new WeakSet<Function>();

/**
 * Has a class, and the classes that it refers to, described by their validation decorators when a document asks for them:
 * the properties that neither `@ApiProperty` nor the compiler plugin describes.
 *
 * It must be called before documents are made. A class shows in any route of a document, and must be the same in all.
 */
export function describeByValidators(model: Function, logger: Logger): void {
  if (seen.has(model)) {
    return;
  }
  seen.add(model);
  const names = propertyNames(model);
  if (names.length > 0) {
    describeModelLater(model, () => {
      try {
        return propertiesByValidators(model);
      } catch (error) {
        logger.warn(`The validators of ${model.name} are not in the document: ${messageOf(error)}`);
        return {};
      }
    });
  }
  const developers = Object.values(developersProperties(model)).map(modelOf);
  for (const nested of [...developers, ...names.map((name) => classOf(model, name))]) {
    if (nested) {
      describeByValidators(nested, logger);
    }
  }
}

/** The properties that class-validator and class-transformer know of, by their names on the wire. */
export function propertiesByValidators(model: Function): Record<string, ModelProperty> {
  const known = rulesOf(model);
  const properties: Record<string, ModelProperty> = {};
  for (const name of propertyNames(model)) {
    const { options } = transformerStorage().findExposeMetadata(model, name) ?? {};
    const nameOnWire = options?.toClassOnly ? name : (options?.name ?? name);
    const own = known.filter(({ propertyName }) => propertyName === name);
    properties[nameOnWire] = { required: !own.some(isConditional), ...propertyOf(model, name, own) };
  }
  return properties;
}

/** The names of the properties that are validated or exposed, and written. */
function propertyNames(model: Function): string[] {
  const known = rulesOf(model);
  const transformer = transformerStorage();
  const exposed = transformer.getExposedProperties(model, TO_PLAIN);
  const inherited = known.filter(({ target }) => target !== model);
  const validated = [...inherited, ...known].map(({ propertyName }) => propertyName);
  const names = transformer.getStrategy(model) === 'excludeAll' ? exposed : [...validated, ...exposed];
  const excluded = transformer.getExcludedProperties(model, TO_PLAIN);
  return [...new Set(names)].filter((name) => !excluded.includes(name));
}

/** The rules of classes; class-validator goes through all classes that there are to find one's. */
const rulesByModel = new WeakMap<Function, readonly Rule[]>();

function rulesOf(model: Function): Rule[] {
  let known = rulesByModel.get(model);
  if (!known) {
    const { getMetadataStorage } = require('class-validator') as typeof import('class-validator');
    known = getMetadataStorage().getTargetValidationMetadatas(model, '', false, false) as unknown as Rule[];
    rulesByModel.set(model, known);
  }
  // What the plugin has left out of a class shall not show.
  return known.filter(({ target }) => typeof target !== 'function' || !isDescribedByPlugin(target));
}

function propertyOf(model: Function, name: string, rules: readonly Rule[]): ModelProperty {
  const designType = designTypeOf(model, name);
  const isSequence = designType === Array || designType === Set;
  const ofItems = schemaByRules(
    isSequence ? undefined : designType,
    rules.filter(({ each }) => each),
  );
  const whole = schemaByRules(
    designType,
    rules.filter(({ each }) => !each),
  );
  const isArray = isSequence || whole.type === 'array' || rules.some(({ each }) => each);
  const nested = classOf(model, name);
  if (nested) {
    const { type: _type, items: _items, required: _required, ...bounds } = whole;
    return { type: () => nested, isArray, ...(isArray && bounds) };
  }
  return asProperty(isArray ? { ...whole, type: 'array', items: ofItems } : whole);
}

/** `@nestjs/swagger` wants a type of each property; what a combination says takes the type's place. */
function asProperty({ required: _required, ...schema }: SchemaObject): ModelProperty {
  return schema.type === undefined ? { type: 'object', anyOf: [schema] } : schema;
}

/** The class of a property by `@Type()`, else by its type in TypeScript, unless nothing is known of that class. */
function classOf(model: Function, name: string): Function | undefined {
  const byDecorator = classByDecorator(model, name);
  const byType = byDecorator ?? asModel(designTypeOf(model, name));
  // Of such a class, a document would say that it is an object; it may be written as anything.
  const isKnown = byDecorator ?? (byType && (rulesOf(byType).length > 0 || isDeveloped(byType)));
  return isKnown ? byType : undefined;
}

function isDeveloped(model: Function): boolean {
  return Object.keys(developersProperties(model)).length > 0;
}

function classByDecorator(model: Function, name: string): Function | undefined {
  try {
    return asModel(transformerStorage().findTypeMetadata(model, name)?.typeFunction?.());
  } catch {
    // The function of @Type() looks at a class that is not there.
    return undefined;
  }
}

function designTypeOf(model: Function, name: string): unknown {
  return Reflect.getMetadata('design:type', model.prototype as object, name);
}

/** `@IsOptional()` and `@ValidateIf()`: the property may be absent. */
function isConditional({ type }: Rule): boolean {
  return type === 'conditionalValidation';
}

function transformerStorage(): TransformerStorage {
  const { defaultMetadataStorage } = require('class-transformer/cjs/storage') as {
    defaultMetadataStorage: TransformerStorage;
  };
  return defaultMetadataStorage;
}
