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
  if (!isPromiseLike(value)) {
    return false;
  }
  if (value instanceof Promise) {
    value.catch(() => undefined);
  }
  return true;
}
