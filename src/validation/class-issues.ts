import type { ValidationError } from 'class-validator';
import type { SseIssue } from '../event/sse.error';

/** The findings of class-validator, each with its path in the data. */
export function toIssues(errors: readonly ValidationError[], parents: readonly PropertyKey[] = []): SseIssue[] {
  return errors.flatMap(({ property, constraints = {}, children = [], target }) => {
    // What is wrong with an object as a whole has no property.
    const path = property === undefined ? parents : [...parents, property];
    const own = Object.entries(constraints).map(([name, message]) => ({
      path,
      message: property === undefined && name === 'unknownValue' ? unknownClass(target) : message,
    }));
    return [...own, ...toIssues(children, path)];
  });
}

/** "an unknown value was passed to the validate function", says class-validator. */
function unknownClass(target: object | undefined): string {
  const model: unknown = target?.constructor;
  return typeof model === 'function' && model !== Object
    ? `is an object of the class ${model.name}, which has no validation rules. Add decorators of class-validator to that class, ` +
        'or @Type(() => TheClass) of class-transformer beside @ValidateNested()'
    : 'is not an object of a class, so there are no rules for it. Add @Type(() => TheClass) of class-transformer beside @ValidateNested()';
}
