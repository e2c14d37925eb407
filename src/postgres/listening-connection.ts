import { isConnectionError } from './connection-error';
import { letGo, type ListenMessage, type PgClient } from './pg-client';
import { within } from './within';

/** How a connection is kept under watch. */
export interface ListeningOptions<Query, Result> {
  /** Milliseconds of silence after which the server is asked for a sign of life. */
  heartbeat(): number;
  /** Milliseconds that any answer may take. */
  timeout(): number;
  /** Asks for a sign of life. What it throws ends the connection. */
  beat(connection: ListeningConnection<Query, Result>): Promise<unknown>;
  onNotification(message: ListenMessage): void;
}

/** One connection that listens. It is asked for a sign of life, for one that is cut off says nothing by itself. */
export class ListeningConnection<Query, Result> {
  private isOver = false;
  private isLetGo = false;
  private last: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  /** @param onLost is told once, of a connection that broke or does not answer. */
  constructor(
    private readonly client: PgClient<Query, Result>,
    private readonly options: ListeningOptions<Query, Result>,
    private readonly onLost: (error: unknown) => void,
  ) {
    client.on('error', this.lose);
    client.on('end', this.onEnd);
    client.on('notification', options.onNotification);
  }

  /** One statement after the other: `pg` warns of those that wait in a client. */
  run(query: Query): Promise<Result> {
    clearTimeout(this.timer);
    const limit = this.options.timeout();
    const result = this.last.then(() => {
      if (this.isLetGo) {
        throw new Error('Connection terminated');
      }
      return within(limit, this.client.query(query));
    });
    const settled: Promise<unknown> = result
      .catch((error: unknown) => {
        // The client itself may think that it lives.
        if (isConnectionError(error)) {
          this.lose(error);
        }
      })
      .then(() => this.last === settled && this.beatLater());
    this.last = settled;
    return result;
  }

  /** Ends the connection, and says so to its owner. */
  readonly lose = (error: unknown): void => {
    const { isOver } = this;
    this.letGo(true);
    if (!isOver) {
      this.onLost(error);
    }
  };

  /** Ends the connection; or gives it back, after a statement that makes it what it was. */
  close(reset?: Query): void {
    if (reset === undefined) {
      this.letGo(true);
      return;
    }
    this.isOver = true;
    this.run(reset).then(
      () => this.letGo(false),
      () => this.letGo(true),
    );
  }

  private readonly onEnd = (): void => this.lose(new Error('Connection terminated'));

  private beatLater(): void {
    if (!this.isOver) {
      this.timer = setTimeout(() => this.options.beat(this).catch(this.lose), this.options.heartbeat()).unref();
    }
  }

  private letGo(destroy: boolean): void {
    this.isOver = true;
    clearTimeout(this.timer);
    if (this.isLetGo) {
      return;
    }
    this.isLetGo = true;
    this.client.removeListener('notification', this.options.onNotification);
    this.client.removeListener('end', this.onEnd);
    letGo(this.client, destroy);
    if (!destroy) {
      // One that is ended may still say that it broke, which nobody may leave unheard.
      this.client.removeListener('error', this.lose);
    }
  }
}
