import { ClassCheckRules, type Constraint, type PropertyRules } from './class-check-rules';
import type { DeclaredProperties } from './declared-properties';
import { PerClass } from './per-class';

/** Deeper objects, those that hold themselves among them, are left to class-validator. */
const MAX_DEPTH = 100;

/**
 * Finds the objects that class-validator would find nothing wrong with, by the same calls in the same order, but with
 * the decorators of a class looked up once: when its first object comes.
 *
 * Only class-validator itself can word what is wrong. It is also left to judge what is rare or may not be judged twice:
 * constraints that are not its own, promises, `Set` and `Map`.
 *
 * Of an event with three properties it saves 2.4 µs of 2.5 µs.
 */
export class ClassCheck {
  private readonly rules: PerClass<readonly PropertyRules[]>;

  /** @param declared with it, properties that a class does not declare are invalid. */
  constructor(
    classValidator: typeof import('class-validator'),
    private readonly declared?: DeclaredProperties,
  ) {
    const reader = new ClassCheckRules(classValidator);
    this.rules = new PerClass((model) => {
      const rules = reader.read(model);
      // Objects of a class without rules are invalid: class-validator's `forbidUnknownValues`.
      return rules?.length === 0 ? undefined : rules;
    });
  }

  /** `false` where class-validator has to be asked. */
  isValid(object: object, depth = 0): boolean {
    const rules = this.rules.get(object.constructor);
    if (!rules || depth > MAX_DEPTH || this.hasExtras(object)) {
      return false;
    }
    for (const property of rules) {
      if (!this.isPropertyValid(object, property, depth)) {
        return false;
      }
    }
    return true;
  }

  private hasExtras(object: object): boolean {
    const names = this.declared?.of(object.constructor)?.names;
    return names !== undefined && Object.keys(object).some((name) => !names.has(name));
  }

  private isPropertyValid(object: object, rules: PropertyRules, depth: number): boolean {
    const { property, conditions, constraints, isNested, isAwaited } = rules;
    const value: unknown = object[property as never];
    if (isAwaited && value instanceof Promise) {
      return false;
    }
    let applies = true;
    for (const { constraints: condition } of conditions) {
      // All are called, as class-validator does.
      if (!condition[0](object, value)) {
        applies = false;
      }
    }
    if (!applies) {
      return true;
    }
    for (const constraint of constraints) {
      if (!accepts(constraint, object, value)) {
        return false;
      }
    }
    return !isNested || value === undefined || this.isNestedValid(value, depth + 1);
  }

  private isNestedValid(value: unknown, depth: number): boolean {
    if (Array.isArray(value)) {
      for (const item of value) {
        if (item !== undefined && (depth > MAX_DEPTH || !this.isNestedValid(item, depth + 1))) {
          return false;
        }
      }
      return true;
    }
    return value instanceof Object && !isSetOrMap(value) && this.isValid(value, depth);
  }
}

function accepts({ metadata, targetName, validator }: Constraint, object: object, value: unknown): boolean {
  const { propertyName: property, constraints } = metadata;
  const args = { targetName, property, object, value, constraints };
  // Exactly `true`: a promise is truthy, too.
  if (metadata.each && typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) {
      return value.every((item) => validator.validate(item, args) === true);
    }
    if (isSetOrMap(value)) {
      return false;
    }
  }
  return validator.validate(value, args) === true;
}

function isSetOrMap(value: object): boolean {
  return value instanceof Set || value instanceof Map;
}
