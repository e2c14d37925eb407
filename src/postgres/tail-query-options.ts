import { show } from '../event/printable';
import { SseConfigurationError } from '../event/sse.error';
import { checkMilliseconds } from './check-milliseconds';
import type { PostgresConnect } from './postgres-connect';

/** What a query gives: rows, or what `pg`, PGlite and others wrap them in. */
export type TailRows<Row> = readonly Row[] | { readonly rows: readonly Row[] };

/** What `tailQuery` needs to know. */
export interface TailQueryOptions<Row> {
  /**
   * Where to listen: a `pg.Pool`, a PGlite, or a function that gives a connected `pg.Client`. Streams that give the same
   * object, or the same function, share one connection, which listens and does nothing else; it is taken with the first
   * stream and given back with the last.
   *
   * A pooler that hands a connection to others between statements, as PgBouncer does in transaction mode, cannot be listened
   * through: give a function that connects past it.
   */
  readonly connect: PostgresConnect;

  /** The channel of `NOTIFY`, or several of them: exact names, as `pg_notify('name', …)` has them. */
  readonly listen: string | readonly string[];

  /**
   * Gives the rows after a cursor, all of them or, with a `LIMIT`, the first: it is asked again until it gives none. Without
   * a cursor, what a client gets that comes for the first time. It must be ordered by the cursor, `ORDER BY` the same
   * columns that it compares with `>`.
   *
   * The cursor may come from `Last-Event-ID`, which anybody can make up: give it as a parameter, never as a part of the
   * text, and refuse what is none with an `HttpException` (`commitOrder.parse` does both halves).
   *
   * An error of the connection is tried again with the same cursor; any other ends the stream.
   */
  readonly query: (cursor: string | undefined) => TailRows<Row> | PromiseLike<TailRows<Row>>;

  /**
   * The cursor of a row, which becomes the event's id: different for each row, and **growing in the order in which rows
   * become visible**. A `bigserial` alone does not, nor does a timestamp: a transaction that took the lower value may commit
   * after one that took the higher, and its row would be passed over. Safe are a counter in a row that the writing
   * transaction updates, and `commitOrder`.
   */
  readonly cursorOf: (row: Row) => string;

  /** The cursor to go on from: usually what `@LastEventId()` gives. */
  readonly after?: string | undefined;

  /**
   * Whether a notification with this payload may have brought rows for this query. Those that do not concern it make no
   * query: with many streams that see a part of a table each, let `NOTIFY` say which part.
   *
   * @default every notification does
   */
  readonly concerns?: ((payload: string) => boolean) | undefined;

  /**
   * Milliseconds after which the query is asked though no notification came, for one may have been lost, and a row in commit
   * order may become visible without one. After a notification it is asked sooner, after 1 s, 2 s, 4 s and so on up to this.
   *
   * @default 30_000
   */
  readonly poll?: number | undefined;

  /**
   * Milliseconds of rows, at most the last 500, that are read once more by the clock to see whether one has come in
   * between: a cursor that does not grow with the commits is found so, and ends the stream with an `SseCursorError` rather than
   * losing rows in silence. `false` says that the cursor is known to be safe, as a counter is; for any but that and
   * `commitOrder.cursorOf` a warning is logged once, for a row may come later than is looked back.
   *
   * @default 5_000
   */
  readonly lookBack?: number | false | undefined;

  /**
   * Milliseconds between two signs of life that the listening connection is asked for, and that it has for an answer; the
   * least of those who share it.
   *
   * @default 10_000
   */
  readonly heartbeat?: number | undefined;

  /** Ends the iteration at once: `@SseSignal()`. */
  readonly signal?: AbortSignal | undefined;
}

/** The options with their defaults. */
export type ResolvedTailQuery<Row> = Omit<TailQueryOptions<Row>, 'listen'> & {
  readonly channels: readonly string[];
  readonly poll: number;
  readonly lookBack: number | false;
  readonly heartbeat: number;
};

/** NAMEDATALEN - 1: PostgreSQL cuts what is longer. */
const LONGEST_NAME = 63;

/** @throws SseConfigurationError */
export function resolveTailQuery<Row>(options: TailQueryOptions<Row>): ResolvedTailQuery<Row> {
  const { listen, poll = 30_000, lookBack = 5_000, heartbeat = 10_000, ...rest } = options;
  const channels = [...new Set(typeof listen === 'string' ? [listen] : listen)];
  if (channels.length === 0 || channels.some((name) => !isName(name))) {
    throw new SseConfigurationError(
      `tailQuery: listen must name channels of 1 to ${LONGEST_NAME} bytes without quotation marks, not ${show(listen)}`,
    );
  }
  checkMilliseconds('tailQuery', { poll, heartbeat, ...(lookBack !== false && { lookBack }) });
  return { ...rest, channels, poll, lookBack, heartbeat };
}

function isName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- PostgreSQL's names end at a NUL
  return /^[^"\0]+$/.test(name) && Buffer.byteLength(name) <= LONGEST_NAME;
}
