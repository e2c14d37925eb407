import { describedByPlugin, isDescribedByPlugin } from '../../event/swagger-metadata';
import type { Rule } from './validator-rules';

/** What class-validator keeps, by class; it offers no way to go through all classes. */
interface ValidatorStorage {
  readonly validationMetadatas?: unknown;
  getTargetValidationMetadatas(model: Function, schema: string, strict: boolean, always: boolean): unknown[];
}

type Classes = ReadonlyMap<Function, readonly Rule[]>;

/** The rules of classes; class-validator goes through all classes that there are to find one's. */
const rulesByModel = new WeakMap<Function, readonly Rule[]>();

/** The class on which each rule was written first. */
const homes = new WeakMap<object, Function>();

/** The rules on a class's properties, its own and the inherited ones, without those that the plugin has left out. */
export function rulesOf(model: Function): Rule[] {
  let known = rulesByModel.get(model);
  if (!known) {
    known = storage().getTargetValidationMetadatas(model, '', false, false) as unknown as Rule[];
    rulesByModel.set(model, known);
  }
  return known.filter((rule) => isShown(rule, known));
}

/**
 * Whether a class was made by `PickType`, `PartialType`, `OmitType` or `IntersectionType`: its rules are copies of other
 * classes' rules. Those of `@nestjs/swagger` describe such a class as the compiler plugin would, also where there is no
 * plugin and nothing is described.
 */
export function isMappedType(model: Function): boolean {
  const isCopy = (rule: Rule): boolean => homeOf(rule) !== model;
  const known = ownRules(model).filter((rule) => homeOf(rule) !== undefined);
  // `PartialType` writes `@IsOptional()` itself.
  return known.some(isCopy) && known.every((rule) => isCondition(rule) || isCopy(rule));
}

/** What the plugin has left out of a class shall not show, also where a mapped type copies it. */
function isShown({ target, propertyName }: Rule, known: readonly Rule[]): boolean {
  if (typeof target !== 'function' || !isDescribedByPlugin(target)) {
    return true;
  }
  if (!isMappedType(target)) {
    return false;
  }
  const copies = known.filter((rule) => rule.target === target && rule.propertyName === propertyName);
  const written = copies.flatMap((rule) => homeOf(rule) ?? []).filter((home) => home !== target);
  return written.length > 0
    ? written.some((home) => !isDescribedByPlugin(home))
    : Object.keys(describedByPlugin(target)).length === 0;
}

/** `@IsOptional()` and `@ValidateIf()`: whether the other rules of the property apply. */
export function isCondition({ type }: Rule): boolean {
  return type === 'conditionalValidation';
}

function ownRules(model: Function): readonly Rule[] {
  return classes().get(model) ?? [];
}

/** A copy of a rule shares its constraint; a rule without one cannot be told from its copies. */
function homeOf(rule: Rule): Function | undefined {
  const identity = identityOf(rule);
  if (!identity) {
    return undefined;
  }
  if (!homes.has(identity)) {
    // A class is there before the mapped types of it.
    for (const [model, rules] of classes()) {
      rules.forEach((one) => {
        const key = identityOf(one);
        if (key && !homes.has(key)) {
          homes.set(key, model);
        }
      });
    }
  }
  return homes.get(identity);
}

function identityOf({ constraintCls, constraints }: Rule): object | undefined {
  // A class given to `@Validate()` serves many properties; the list of its arguments is of one.
  return constraints ?? constraintCls;
}

function classes(): Classes {
  const { validationMetadatas } = storage();
  return validationMetadatas instanceof Map ? (validationMetadatas as Classes) : new Map();
}

function storage(): ValidatorStorage {
  const { getMetadataStorage } = require('class-validator') as typeof import('class-validator');
  return getMetadataStorage() as unknown as ValidatorStorage;
}
