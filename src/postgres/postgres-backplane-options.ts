import { show } from '../event/printable';
import { SseConfigurationError } from '../event/sse.error';
import { unknownOption } from '../event/unknown-option';
import type { PostgresTables } from './backplane-sql';
import { checkMilliseconds } from './check-milliseconds';
import type { PgPool } from './pg-pool';

/** Options of `postgresBackplane()`. */
export interface PostgresBackplaneOptions extends PostgresTables {
  /**
   * The application's own `Pool` of `pg` 8. One of its connections listens for as long as the backplane is open, another one is
   * borrowed for each publication. It is never ended.
   */
  readonly pool: PgPool;
  /** Whether `start()` makes the tables that are missing; otherwise run the SQL of `postgresBackplaneSql()`. @default true */
  readonly createTables?: boolean | undefined;
  /**
   * Milliseconds of silence after which the listening connection is asked whether the server is there, and whether a
   * notification was lost.
   *
   * @default 5_000
   */
  readonly heartbeat?: number | undefined;
  /** Milliseconds that the server may take to answer, and the pool to give a connection. @default 5_000 */
  readonly commandTimeout?: number | undefined;
}

/** Longest part of a name in PostgreSQL, so that the whole stays below its 63 bytes. */
const NAME = /^[a-z_][a-z0-9_]{0,29}$/;

const OPTIONS: readonly (keyof PostgresBackplaneOptions)[] = [
  'pool',
  'schema',
  'prefix',
  'createTables',
  'heartbeat',
  'commandTimeout',
];

/** The options with their defaults. @throws SseConfigurationError when they cannot work. */
export function resolvePostgresOptions(options: PostgresBackplaneOptions): Required<PostgresBackplaneOptions> {
  const {
    pool,
    schema = 'public',
    prefix = 'sse_',
    createTables = true,
    heartbeat = 5_000,
    commandTimeout = 5_000,
    ...unknown
  } = options;
  for (const name of Object.keys(unknown)) {
    throw new SseConfigurationError(`postgresBackplane(): ${unknownOption(name, OPTIONS)}`);
  }
  if (typeof pool?.connect !== 'function' || typeof pool.on !== 'function') {
    throw new SseConfigurationError('postgresBackplane() needs `pool`, a Pool of the package pg');
  }
  if (pool.options?.max !== undefined && pool.options.max < 2) {
    throw new SseConfigurationError(
      'postgresBackplane() needs a pool of 2 connections or more: one of them listens, and does nothing else',
    );
  }
  checkMilliseconds('postgresBackplane()', { heartbeat, commandTimeout });
  for (const [name, value] of Object.entries({ schema, prefix })) {
    if (!NAME.test(value)) {
      throw new SseConfigurationError(
        `postgresBackplane(): ${name} must be 1 to 30 of the characters a-z, 0-9 and _, and begin with no digit, not ${show(value)}`,
      );
    }
  }
  return { pool, schema, prefix, createTables, heartbeat, commandTimeout };
}
