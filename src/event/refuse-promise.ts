import { isPromiseLike, quiet } from './is-promise-like';
import { SseSourceError } from './sse.error';

/**
 * For what a function of the application returned that must answer at once.
 *
 * @param what the function, as a message names it.
 * @throws SseSourceError when it is a promise. That may reject, which must not end the process.
 */
export function refusePromise(value: unknown, what: string): void {
  if (isPromiseLike(value)) {
    quiet(value);
    throw new SseSourceError(`${what} must not return a promise. Is it async?`);
  }
}
