import { isPromiseLike } from '../event/is-promise-like';
import type { StandardResult, StandardSchema } from './standard-schema';
import type { Validate, ValidationResult } from './validate';

/** Validation by a Standard Schema; its output is what is sent. */
export function compileStandardSchema(schema: StandardSchema): Validate {
  const { validate } = schema['~standard'];
  return (data) => {
    const result = validate(data);
    return isPromiseLike(result) ? Promise.resolve(result).then(toResult) : toResult(result);
  };
}

function toResult(result: StandardResult<unknown>): ValidationResult {
  return result.issues
    ? {
        issues: result.issues.map(({ message, path = [] }) => ({
          message,
          path: path.map((segment) => (typeof segment === 'object' ? segment.key : segment)),
        })),
      }
    : result;
}
