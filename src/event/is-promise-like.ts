import { types } from 'node:util';

/** Whether a value is a promise, of this realm or another. */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/**
 * Waits for a promise that is refused where a value was expected. Nobody else does, and if it failed, Node would end the process.
 *
 * @returns whether it is a promise.
 */
export function isRefusedPromise(value: unknown): boolean {
  try {
    if (!isPromiseLike(value)) {
      return false;
    }
  } catch {
    // A getter or a proxy that throws.
    return false;
  }
  quiet(value);
  return true;
}

/**
 * Keeps a promise that nobody waits for from ending the process when it fails. Only of those that run by themselves: to wait for
 * a query that begins when it is awaited would make it.
 */
export function quiet(value: unknown): void {
  if (types.isPromise(value)) {
    value.then(undefined, () => undefined);
  }
}
