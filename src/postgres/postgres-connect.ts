import type { PgClient, PgClientPool } from './pg-client';

/** A connection of `pg` 8: what listening needs of it. */
export interface ListenClient extends PgClient<string, unknown> {
  end(): Promise<void>;
}

/** A `Pool` of `pg` 8: what listening needs of it. */
export type ListenPool = PgClientPool<ListenClient>;

/** A PGlite: what is needed of it. */
export interface ListenDatabase {
  listen(channel: string, callback: (payload: string) => void): Promise<() => Promise<void>>;
}

/** Where a connection that listens comes from: a `pg.Pool`, a PGlite, or a function that gives a connected `pg.Client`. */
export type PostgresConnect = ListenPool | ListenDatabase | (() => Promise<ListenClient>);
