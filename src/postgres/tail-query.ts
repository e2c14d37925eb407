import { warnOfOrder } from './order-warning';
import { TailQueryIterator } from './tail-query-iterator';
import { resolveTailQuery, type TailQueryOptions } from './tail-query-options';
import type { TailedRow } from './tailed-row';

/**
 * The rows of a query, and then each row that comes: a source for a view, over `pg` 8 or PGlite. Each row is given once, in
 * the order of its cursor, as `{ id: cursor, data: row }`, so that a client resumes where it left off.
 *
 * `NOTIFY` only wakes it, and many notifications make one query; what there is, the query tells. It listens before it asks for
 * the first time, so that nothing falls in between. When the database is away it waits for it, and goes on from its cursor. The
 * next page is asked for when the client has taken the last.
 *
 * It ends, and lets go of what it holds, when the signal aborts or the loop is left; a query that is under way then comes to
 * its end unheard. Each stream makes queries of its own: where everybody sees the same rows, let one loop publish them into
 * a channel.
 *
 * @throws SseConfigurationError for options that cannot work.
 *
 * @example
 * ```ts
 * events(@LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
 *   return tailQuery({
 *     connect: this.pool,
 *     listen: 'orders',
 *     query: (cursor) => this.pool.query<Order>(ORDERS_AFTER, commitOrder.parse(cursor)),
 *     cursorOf: commitOrder.cursorOf,
 *     after,
 *     signal,
 *   });
 * }
 * ```
 */
export function tailQuery<Row>(options: TailQueryOptions<Row>): AsyncIterable<TailedRow<Row>> {
  const resolved = resolveTailQuery(options);
  warnOfOrder(resolved);
  return { [Symbol.asyncIterator]: () => new TailQueryIterator(resolved) };
}
