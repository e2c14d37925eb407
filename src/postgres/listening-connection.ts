import { isConnectionError } from './connection-error';
import type { ListenClient, ListenMessage } from './postgres-connect';

/** Who is told of what happens on the connection. */
export interface ListeningConnectionOwner {
  /** Milliseconds between two signs of life. */
  heartbeat(): number;
  onNotification(message: ListenMessage): void;
  /** Told once, of a connection that broke or does not answer. */
  onLost(error: unknown): void;
}

/** One connection that listens. It is asked for a sign of life, for one that is cut off says nothing by itself. */
export class ListeningConnection {
  private isOver = false;
  private isClosed = false;
  private last: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  /** Milliseconds that an answer may take. */
  private limit: number;
  private readonly lose = (error: unknown): void => {
    if (!this.isOver) {
      this.close(true);
      this.owner.onLost(error);
    }
  };
  private readonly onEnd = (): void => this.lose(new Error('Connection terminated'));
  private readonly onNotification = (message: ListenMessage): void => this.owner.onNotification(message);

  constructor(
    private readonly client: ListenClient,
    private readonly owner: ListeningConnectionOwner,
  ) {
    client.on('error', this.lose);
    client.on('end', this.onEnd);
    client.on('notification', this.onNotification);
    this.limit = this.beatLater();
  }

  listen(channel: string): Promise<unknown> {
    return this.run(`LISTEN "${channel}"`);
  }

  unlisten(channel: string): void {
    this.run(`UNLISTEN "${channel}"`).catch(this.lose);
  }

  /** Gives the connection back as it was; one that does not answer is ended. */
  giveBack(): void {
    if (this.isOver) {
      return;
    }
    this.isOver = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.close(true), this.limit);
    this.run('UNLISTEN *').then(
      () => this.close(false),
      () => this.close(true),
    );
  }

  /** One statement after the other: `pg` warns of those that wait in a client. */
  private run(statement: string): Promise<unknown> {
    const result = this.last.then(() => this.client.query(statement));
    this.last = result.catch((error: unknown) => {
      // The client itself may think that it lives.
      if (isConnectionError(error)) {
        this.lose(error);
      }
    });
    return result;
  }

  /** @returns milliseconds until then, which are those that an answer may take. */
  private beatLater(): number {
    const interval = this.owner.heartbeat();
    this.timer = setTimeout(() => void this.beat(), interval);
    return interval;
  }

  private async beat(): Promise<void> {
    const { limit } = this;
    this.timer = setTimeout(() => this.lose(new Error(`PostgreSQL did not answer within ${limit} ms`)), limit);
    try {
      await this.run('SELECT 1');
    } catch (error) {
      this.lose(error);
      return;
    }
    clearTimeout(this.timer);
    if (!this.isOver) {
      this.limit = this.beatLater();
    }
  }

  private close(destroy: boolean): void {
    this.isOver = true;
    clearTimeout(this.timer);
    if (this.isClosed) {
      return;
    }
    this.isClosed = true;
    this.client.removeListener('notification', this.onNotification);
    this.client.removeListener('end', this.onEnd);
    if (this.client.release === undefined) {
      // What it still says of its end goes to `lose`, where nothing happens any more.
      this.client.end().catch(() => undefined);
      return;
    }
    this.client.release(destroy);
    this.client.removeListener('error', this.lose);
  }
}
