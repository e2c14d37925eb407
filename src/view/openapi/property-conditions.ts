import { isCondition } from './validator-metadata';
import type { Rule } from './validator-rules';

/** What the conditions of a property, `@IsOptional()` and `@ValidateIf()`, let through unseen. */
export interface Conditions {
  readonly mayBeAbsent: boolean;
  readonly mayBeNull: boolean;
}

/** Values that a condition on the value tells from `null`. */
const OTHERS: readonly unknown[] = ['text', 1, true, '', 0, false, {}, []];

/**
 * Asks the conditions about a property of an object in which nothing else is set. A condition that does not depend on the
 * value is about the rest of the object: where it does not hold, the property is taken to be absent.
 */
export function conditionsOf(model: Function, name: string, rules: readonly Rule[]): Conditions {
  const conditions = rules.filter(isCondition).map(({ constraints }) => constraints?.[0]);
  const applies = conditions.map(
    (condition) =>
      (value: unknown): boolean | undefined =>
        ask(condition, model, name, value),
  );
  return {
    mayBeAbsent: applies.some((to) => to(undefined) !== true),
    mayBeNull: applies.some((to) => to(null) === false && OTHERS.some((value) => to(value) === true)),
  };
}

/** @returns `undefined` where the condition fails: it counts on more of the object than is there. */
function ask(condition: unknown, { prototype }: Function, name: string, value: unknown): boolean | undefined {
  try {
    const object = Object.create(prototype as object, {
      [name]: { value, enumerable: true, writable: true, configurable: true },
    }) as object;
    const answer = (condition as (object: object, value: unknown) => unknown)(object, value);
    return Boolean(answer);
  } catch {
    return undefined;
  }
}
