import type { Logger } from '@nestjs/common';
import { messageOf } from '../../event/error-text';
import {
  describedByPlugin,
  describeModelLater,
  describeWithModel,
  developersProperties,
  isDescribedByPlugin,
  type ModelProperty,
} from '../../event/swagger-metadata';
import { modelOf } from './model-type';
import { conditionsOf } from './property-conditions';
import { classOf, propertyOf, referredModels } from './property-schema';
import {
  excludedProperties,
  exposedProperties,
  isExposedForSome,
  isTransformed,
  nameOnWire,
  variantsOf,
  writesOnlyExposed,
} from './transformer-metadata';
import { isMappedType, rulesOf } from './validator-metadata';

/** The classes that have been seen to; what their decorators say does not change. */
const seen = new WeakSet<Function>();

/** A property that tells classes apart: class-transformer writes it where they are one of several. */
interface Tag {
  readonly property: string;
  readonly value: string;
}

/** The tags of classes. */
const tags = new WeakMap<Function, Tag>();

/** Classes that also stand where no tag is written. */
const untagged = new WeakSet<Function>();

/**
 * Has a class, and the classes that it refers to, described by their validation decorators when a document asks for them:
 * the properties that neither `@ApiProperty` nor the compiler plugin describes.
 *
 * It must be called before documents are made. A class shows in any route of a document, and must be the same in all.
 */
export function describeByValidators(model: Function, logger: Logger, tag?: Tag): void {
  if (tag) {
    tags.set(model, tag);
  } else {
    untagged.add(model);
  }
  if (seen.has(model)) {
    return;
  }
  seen.add(model);
  // The plugin describes all of a class; a mapped type only what it was told.
  const isDescribed = isDescribedByPlugin(model) && !isMappedType(model);
  const names = isDescribed ? [] : propertyNames(model);
  if (names.length > 0 || tag) {
    describeModelLater(model, () => withTag(model, describedProperties(model, names, logger)));
    const referred = names.flatMap((name) => referredModels(model, name));
    if (referred.length > 0) {
      describeWithModel(model, referred);
    }
  }
  for (const nested of Object.values(developersProperties(model)).map(modelOf)) {
    if (nested) {
      describeByValidators(nested, logger);
    }
  }
  propertyNames(model).forEach((name) => describeNested(model, name, logger));
}

function describeNested(model: Function, name: string, logger: Logger): void {
  const variants = variantsOf(model, name);
  if (variants) {
    variants.names.forEach((value, variant) => {
      describeByValidators(variant, logger, { property: variants.property, value });
    });
    return;
  }
  const nested = classOf(model, name);
  if (nested) {
    describeByValidators(nested, logger);
  }
}

function describedProperties(model: Function, names: readonly string[], logger: Logger): Record<string, ModelProperty> {
  const developers = developersProperties(model);
  const unknown = names.filter((name) => isTransformed(model, name) && !(nameOnWire(model, name) in developers));
  if (unknown.length > 0) {
    logger.warn(
      `${model.name}: ${unknown.join(', ')}: @Transform() decides what is sent, so the document says any JSON. ` +
        'Describe what is sent with @ApiProperty(), or add { toClassOnly: true } to @Transform()',
    );
  }
  try {
    return names.length > 0 ? propertiesByValidators(model) : {};
  } catch (error) {
    logger.warn(`The validators of ${model.name} are not in the document: ${messageOf(error)}`);
    return {};
  }
}

/** The properties that class-validator and class-transformer know of, by their names on the wire. */
export function propertiesByValidators(model: Function): Record<string, ModelProperty> {
  const known = rulesOf(model);
  const properties: Record<string, ModelProperty> = {};
  for (const name of propertyNames(model)) {
    const own = known.filter(({ propertyName }) => propertyName === name);
    const { mayBeAbsent, mayBeNull } = conditionsOf(model, name, own);
    properties[nameOnWire(model, name)] = {
      required: !mayBeAbsent && !isExposedForSome(model, name),
      ...propertyOf(model, name, own, mayBeNull),
    };
  }
  return properties;
}

/** Where a class is one of several, class-transformer writes which one, also if the class has no such property. */
function withTag(model: Function, properties: Record<string, ModelProperty>): Record<string, ModelProperty> {
  const tag = tags.get(model);
  return !tag || tag.property in properties
    ? properties
    : {
        [tag.property]: { type: 'string', enum: [tag.value], required: !untagged.has(model) },
        ...properties,
      };
}

/** The names of the properties that are validated or exposed, and written. */
function propertyNames(model: Function): string[] {
  const known = rulesOf(model);
  const exposed = isLeftOutByMappedType(model) ? [] : exposedProperties(model);
  const inherited = known.filter(({ target }) => target !== model);
  const validated = [...inherited, ...known].map(({ propertyName }) => propertyName);
  const names = writesOnlyExposed(model)
    ? exposedProperties(model).filter((name) => [...validated, ...exposed].includes(name))
    : [...validated, ...exposed];
  const excluded = excludedProperties(model);
  return [...new Set(names)].filter((name) => !excluded.includes(name));
}

/** Of a mapped type of described classes, what it describes is all that shows. */
function isLeftOutByMappedType(model: Function): boolean {
  return isDescribedByPlugin(model) && Object.keys(describedByPlugin(model)).length > 0;
}
