/** Milliseconds before a reconnect where the stream has set none, as in browsers. */
const DEFAULT_RETRY = 3_000;

/** The longest wait that failures lead to, in milliseconds. */
const LONGEST_BACKOFF = 30_000;

/** Longer waits overflow a timer, which then fires at once. */
const LONGEST_TIMER = 2_147_483_647;

/**
 * Milliseconds until the next connection: what the stream said, or more after failures in a row.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#reestablish-the-connection
 */
export function reconnectDelay(retry: number | undefined, failures: number): number {
  const backoff = failures === 0 ? 0 : Math.min(LONGEST_BACKOFF, 250 * 2 ** failures);
  return Math.min(LONGEST_TIMER, Math.max(retry ?? DEFAULT_RETRY, backoff));
}

export function describeDelay(delay: number): string {
  return delay === 0 ? 'at once' : `in ${Number((delay / 1000).toFixed(1))} s`;
}
