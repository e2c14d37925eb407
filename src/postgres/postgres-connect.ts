/** A connection of `pg` 8: what listening needs of it. */
export interface ListenClient {
  query(text: string): Promise<unknown>;
  on(event: 'notification', listener: (message: ListenMessage) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  removeListener(event: 'notification', listener: (message: ListenMessage) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'end', listener: () => void): unknown;
  end(): Promise<void>;
  /** A pool's connections have it: gives the connection back, or ends it. */
  release?(destroy?: boolean): void;
}

/** What came by `NOTIFY`. */
export interface ListenMessage {
  readonly channel: string;
  readonly payload?: string | undefined;
}

/** A `Pool` of `pg` 8: what is needed of it, so that the types need no package. */
export interface ListenPool {
  connect(): Promise<ListenClient>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  readonly options?: { readonly max?: number | undefined };
}

/** A PGlite: what is needed of it. */
export interface ListenDatabase {
  listen(channel: string, callback: (payload: string) => void): Promise<() => Promise<void>>;
}

/** Where a connection that listens comes from: a `pg.Pool`, a PGlite, or a function that gives a connected `pg.Client`. */
export type PostgresConnect = ListenPool | ListenDatabase | (() => Promise<ListenClient>);
