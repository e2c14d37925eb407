import { TailCursorIterator } from './tail-cursor-iterator';
import { resolveTailCursor, type TailCursorOptions } from './tail-cursor-options';
import type { TailedChange } from './tailed-change';

/**
 * The rows of a cursor that does not end, and then each change, as events named `insert`, `update`, `delete` or `upsert`: a
 * source for a view, over `pg` 8, for databases that speak PostgreSQL's protocol and follow a query, as Materialize does
 * (`SUBSCRIBE`, in older versions `TAIL`).
 *
 * The changes of a timestamp are given when it is complete, and the ids are complete timestamps: a client that comes back with
 * one gets each later change once. One that was cut off within a timestamp gets that timestamp again, whole. A stream that
 * begins anew says so with an event named `snapshot`, at which a client drops what it has.
 *
 * When the database is away it waits for it, and goes on from the last complete timestamp, if that is retained still
 * (`RETAIN HISTORY`). It ends, and lets go of its connection, when the signal aborts or the loop is left. Each stream has a
 * cursor of its own: where everybody sees the same rows, let one loop publish them into a channel.
 *
 * @throws SseConfigurationError for options that cannot work.
 *
 * @example
 * ```ts
 * events(@LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
 *   return tailCursor<Bid>({
 *     connect: this.pool,
 *     declare: (after) =>
 *       'DECLARE c CURSOR FOR SUBSCRIBE bids WITH (PROGRESS, SNAPSHOT = ' +
 *       (after === undefined ? 'true)' : `false) AS OF ${after}`),
 *     keyOf: ({ id }) => id,
 *     after,
 *     signal,
 *   });
 * }
 * ```
 */
export function tailCursor<Row>(options: TailCursorOptions<Row>): AsyncIterable<TailedChange<Row>> {
  const resolved = resolveTailCursor(options);
  return { [Symbol.asyncIterator]: () => new TailCursorIterator(resolved) };
}
