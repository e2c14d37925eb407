import { isPromiseLike } from '../event/is-promise-like';
import { SseValidationTimeoutError } from '../event/sse.error';
import type { Validate, ValidationResult } from './validate';

/** Bounds the time of asynchronous validations, in milliseconds: one that takes longer is an invalid result. */
export function withTimeLimit(validate: Validate, limit: number): Validate {
  return (data, event) => {
    const result = validate(data, event);
    return isPromiseLike(result) ? inTime(result, limit) : result;
  };
}

function inTime(result: Promise<ValidationResult>, limit: number): Promise<ValidationResult> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const cause = new SseValidationTimeoutError(limit);
      resolve({ issues: [{ path: [], message: cause.message }], cause });
    }, limit);
    // What is not validated in time is nothing to keep a process for that stops.
    timer.unref();
    result.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
