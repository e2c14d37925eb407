import { within } from './within';

/** What came by `NOTIFY`. */
export interface ListenMessage {
  readonly channel: string;
  readonly payload?: string | undefined;
}

/** A connection of `pg` 8: what is needed of it, so that the types need no package. */
export interface PgClient<Query, Result> {
  query(query: Query): Promise<Result>;
  on(event: 'notification', listener: (message: ListenMessage) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  removeListener(event: 'notification', listener: (message: ListenMessage) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'end', listener: () => void): unknown;
  end?(): Promise<void>;
  /** A pool's connections have it: gives the connection back, or ends it. */
  release?(destroy?: boolean): void;
}

/** A `Pool` of `pg` 8: what is needed of it. */
export interface PgClientPool<Client> {
  connect(): Promise<Client>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  readonly options?: { readonly max?: number | undefined } | undefined;
}

function ignore(): void {}

/** Takes a connection. @param limit milliseconds; one that comes later goes back. */
export async function takeClient<Client extends PgClient<never, unknown>>(
  source: PgClientPool<Client> | (() => Promise<Client>),
  limit: number,
): Promise<Client> {
  const taking = typeof source === 'function' ? source() : source.connect();
  try {
    return await within(limit, taking);
  } catch (error) {
    taking.then((client) => letGo(client), ignore);
    throw error;
  }
}

/** Gives a connection back to its pool, or ends it; one that no pool gave is ended. */
export function letGo(client: PgClient<never, unknown>, destroy = false): void {
  if (client.release) {
    client.release(destroy);
  } else {
    client.end?.().catch(ignore);
  }
}
