import { isPromiseLike, quiet } from './is-promise-like';

/** Values that are deeper are not looked at. */
const MAX_DEPTH = 8;

/**
 * For data that are refused: a promise among them may reject, and nobody waits for it any more. That must not end the process.
 */
export function quietPromises(data: unknown, depth = 0, seen = new WeakSet()): void {
  if (typeof data !== 'object' || data === null || depth > MAX_DEPTH || seen.has(data)) {
    return;
  }
  seen.add(data);
  try {
    if (isPromiseLike(data)) {
      quiet(data);
      return;
    }
    for (const member of Object.values(data)) {
      quietPromises(member, depth + 1, seen);
    }
  } catch {
    // A getter of the data.
  }
}
