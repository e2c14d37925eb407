/** Milliseconds that the first attempt to reach an engine again waits at most. */
const BASE = 50;
/** Milliseconds that any attempt waits at most. */
const CEILING = 5_000;

/**
 * Milliseconds to wait before an attempt to reach an engine again: a random part of a time that doubles, so that instances
 * that lost it together do not come back together.
 *
 * @param attempt how many failed before, from 0.
 */
export function backoff(attempt: number): number {
  return Math.ceil(Math.random() * Math.min(CEILING, BASE * 2 ** Math.min(attempt, 30)));
}
