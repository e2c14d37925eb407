import { isPromiseLike } from '../event/is-promise-like';
import type { StandardResult, StandardSchema } from './standard-schema';
import { thrownResult, type InvalidResult, type Validate, type ValidationResult } from './validate';

/** Validation by a Standard Schema; its output is what is sent. An output that JSON cannot express is an invalid result. */
export function compileStandardSchema(schema: StandardSchema): Validate {
  const { validate } = schema['~standard'];
  return (data) => {
    try {
      const result = validate(data);
      return isPromiseLike(result) ? Promise.resolve(result).then(toResult).catch(toThrown) : toResult(result);
    } catch (error) {
      return toThrown(error);
    }
  };
}

function toResult(result: StandardResult<unknown>): ValidationResult {
  if (result.issues) {
    return {
      issues: result.issues.map(({ message, path = [] }) => ({
        message,
        path: path.map((segment) => (typeof segment === 'object' ? segment.key : segment)),
      })),
    };
  }
  const type = typeof result.value;
  return type === 'undefined' || type === 'function' || type === 'symbol' || type === 'bigint'
    ? { issues: [{ path: [], message: unsendable(type) }] }
    : result;
}

function unsendable(type: string): string {
  const output = type === 'undefined' ? 'undefined' : `a ${type}`;
  return `the output of the schema is ${output}, which JSON cannot express. Does a transform return nothing?`;
}

function toThrown(error: unknown): InvalidResult {
  return thrownResult('the schema threw an error', error);
}
