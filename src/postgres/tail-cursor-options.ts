import { show } from '../event/printable';
import { SseConfigurationError } from '../event/sse.error';
import { checkMilliseconds } from './check-milliseconds';
import type { CursorColumns, CursorReading } from './cursor-changes';
import type { CursorConnect } from './cursor-connection';

/** What `tailCursor` needs to know. */
export interface TailCursorOptions<Row> {
  /**
   * Where the connection comes from: a `pg.Pool`, or a function that gives a connected `pg.Client`. Each stream has one for
   * itself until it ends.
   */
  readonly connect: CursorConnect;

  /**
   * The statement that opens the cursor, which `fetch` names. Without `after` it may begin with a snapshot; with it, it must
   * give what came later than that timestamp, and no snapshot. `after` is digits only, whatever a client says it had.
   *
   * @example
   * ```ts
   * declare: (after) =>
   *   'DECLARE c CURSOR FOR SUBSCRIBE bids WITH (PROGRESS, SNAPSHOT = ' +
   *   (after === undefined ? 'true)' : `false) AS OF ${after}`)
   * ```
   */
  readonly declare: (after: string | undefined) => string;

  /**
   * The statement that takes what there is. It must answer within `silence`, with nothing if need be: either the cursor tells
   * its progress (`WITH (PROGRESS)`), or `fetch` has a timeout, as in `FETCH ALL c WITH (timeout = '1s')`; with a timeout
   * Materialize waits that long for more.
   *
   * @default 'FETCH ALL c'
   */
  readonly fetch?: string | undefined;

  /** The timestamp of a row, as an integer: of a number, a bigint or a text. @default row.mz_timestamp */
  readonly idOf?: ((row: Row & CursorColumns) => unknown) | undefined;

  /**
   * What names a row through its changes. With it, a row that went and one that came at the same timestamp with the same key
   * are one `update`; without it they are a `delete` and an `insert`.
   */
  readonly keyOf?: ((row: Row) => string | number | bigint | boolean) | undefined;

  /** The timestamp to go on from: usually what `@LastEventId()` gives. What is none begins anew. */
  readonly after?: string | undefined;

  /**
   * Most rows of one timestamp, those of the snapshot above all: they are held until the timestamp is complete.
   *
   * @default 100_000
   */
  readonly maxRows?: number | undefined;

  /**
   * Milliseconds between two events without data that tell a client how far it is while nothing changes, so that its id stays
   * within what the database retains; `false` gives none.
   *
   * @default 5_000
   */
  readonly progress?: number | false | undefined;

  /** Milliseconds after which a connection that has not answered is taken for broken. @default 30_000 */
  readonly silence?: number | undefined;

  /**
   * Whether an error says that the history does not reach back to `after`: the stream begins anew then.
   *
   * @default Materialize's two messages are known
   */
  readonly isTrimmed?: ((error: unknown) => boolean) | undefined;

  /** Ends the iteration at once: `@SseSignal()`. */
  readonly signal?: AbortSignal | undefined;
}

/** The options with their defaults. */
export type ResolvedTailCursor<Row> = CursorReading<Row> &
  Pick<TailCursorOptions<Row>, 'connect' | 'declare' | 'after' | 'signal'> & {
    readonly fetch: string;
    readonly progress: number | false;
    readonly silence: number;
    readonly isTrimmed: (error: unknown) => boolean;
  };

/** @throws SseConfigurationError */
export function resolveTailCursor<Row>(options: TailCursorOptions<Row>): ResolvedTailCursor<Row> {
  const {
    fetch = 'FETCH ALL c',
    idOf = ({ mz_timestamp: timestamp }: CursorColumns) => timestamp,
    maxRows = 100_000,
    progress = 5_000,
    silence = 30_000,
    isTrimmed = isBeyondHistory,
    ...rest
  } = options;
  checkMilliseconds('tailCursor', { silence, ...(progress !== false && { progress }) });
  if (!(maxRows > 0)) {
    throw new SseConfigurationError(`tailCursor: maxRows must be a number above 0, not ${show(maxRows)}`);
  }
  return { ...rest, fetch, idOf, maxRows, progress, silence, isTrimmed };
}

/**
 * Materialize has no SQLSTATE for it.
 *
 * @see https://materialize.com/docs/sql/subscribe/#as-of
 */
function isBeyondHistory(error: unknown): boolean {
  const { message } = error as { message?: unknown };
  return typeof message === 'string' && /not valid for all inputs|could not find a valid timestamp/.test(message);
}
