import { within } from './within';

/** A connection of `pg` 8: what a cursor needs of it. */
export interface CursorClient {
  query(text: string): Promise<{ readonly rows: readonly unknown[] }>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  removeListener(event: 'error', listener: (error: Error) => void): unknown;
  end(): Promise<void>;
  /** A pool's connections have it: gives the connection back, or ends it. */
  release?(destroy?: boolean): void;
}

/** A `Pool` of `pg` 8: what a cursor needs of it. */
export interface CursorPool {
  connect(): Promise<CursorClient>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  listenerCount(event: 'error'): number;
}

/** Where the connection of a cursor comes from: a `pg.Pool`, or a function that gives a connected `pg.Client`. */
export type CursorConnect = CursorPool | (() => Promise<CursorClient>);

/** Milliseconds that a stream which has ended waits for its last statement, so that the connection can be used again. */
const GRACE = 3_000;

function ignore(): void {}

/** One connection with a cursor that is open on it, in a transaction. */
export class CursorConnection {
  private client: CursorClient | undefined;
  private isClosed = false;
  /** What is under way. */
  private work: Promise<unknown> = Promise.resolve();

  /** @param silence milliseconds that any answer may take. */
  constructor(
    private readonly connect: CursorConnect,
    private readonly silence: number,
  ) {}

  /** Opens the cursor. */
  async open(declare: string): Promise<void> {
    const taking = this.take();
    this.work = taking;
    await within(this.silence, taking);
    await this.query('BEGIN');
    await this.query(declare);
  }

  async query(text: string): Promise<readonly unknown[]> {
    const { client } = this;
    if (!client || this.isClosed) {
      throw new Error('Connection terminated');
    }
    const query = client.query(text);
    this.work = query;
    return (await within(this.silence, query)).rows;
  }

  /** Lets the connection go, after what is under way: given back where it still works, ended where it does not. */
  close(): void {
    if (this.isClosed) {
      return;
    }
    this.isClosed = true;
    void this.letGo();
  }

  private async take(): Promise<void> {
    const { connect } = this;
    if (typeof connect !== 'function' && connect.listenerCount('error') === 0) {
      // A pool says of an idle connection that it broke, and has dropped it then; unheard that would end the process.
      connect.on('error', ignore);
    }
    const client = await (typeof connect === 'function' ? connect() : connect.connect());
    // Of one that is in use, too, which says so to its statement as well.
    client.on('error', ignore);
    this.client = client;
    if (this.isClosed) {
      this.end(client, false);
    }
  }

  private async letGo(): Promise<void> {
    const { client } = this;
    if (!client) {
      // It is ended when it comes.
      return;
    }
    let isBroken = true;
    try {
      await within(GRACE, this.work.catch(ignore));
      await within(GRACE, client.query('ROLLBACK'));
      isBroken = false;
    } catch {
      // It does not answer, or is gone.
    }
    this.end(client, isBroken);
  }

  private end(client: CursorClient, isBroken: boolean): void {
    if (client.release) {
      client.release(isBroken);
      client.removeListener('error', ignore);
    } else {
      client.end().catch(ignore);
    }
  }
}
