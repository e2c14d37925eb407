import { backoff } from '../channel/backoff';
import { ListeningConnection, type ListeningOptions } from './listening-connection';
import { letGo, takeClient, type PgClient, type PgClientPool } from './pg-client';

/** What is listened for, and who is told how it stands. */
export interface ReconnectingOptions<Query, Result> extends ListeningOptions<Query, Result> {
  /** Milliseconds that a connection may take to come, from a pool that is used up as well. */
  readonly patience: number;
  /** Makes a new connection ready. */
  prepare(connection: ListeningConnection<Query, Result>): Promise<unknown>;
  onUp?(): void;
  /** A connection was lost, or none was to be had. Another attempt follows, unless it is closed now. */
  onDown(error: unknown, attempt: FailedAttempt): void;
}

/** An attempt that failed. */
export interface FailedAttempt {
  /** Attempts that had failed before, since a connection was ready. */
  readonly before: number;
  /** Whether there was a connection, which broke. */
  readonly isLost: boolean;
}

/** Has one connection that listens, for as long as it is open: when that breaks, another one takes its place. */
export class ReconnectingListener<Query, Result> {
  /** The present connection, also while it is made ready. */
  connection: ListeningConnection<Query, Result> | undefined;
  /** Whether that is ready. */
  isUp = false;
  /** Counts the times that a connection was begun or given up: whatever an earlier one still brings is let go. */
  private life = 0;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly pool: PgClientPool<PgClient<Query, Result>> | undefined;
  /** A pool says of an idle connection that it broke, and has dropped it then; unheard that would end the process. */
  private readonly ignore = (): void => undefined;

  constructor(
    private readonly source: PgClientPool<PgClient<Query, Result>> | (() => Promise<PgClient<Query, Result>>),
    private readonly options: ReconnectingOptions<Query, Result>,
  ) {
    this.pool = typeof source === 'function' ? undefined : source;
  }

  /** @returns when the first attempt has come to its end, whichever. */
  open(): Promise<void> {
    this.pool?.on('error', this.ignore);
    return this.connect();
  }

  /** @param reset the statement after which the connection is what it was, and may go back; without one it is ended. */
  close(reset?: Query): void {
    this.pool?.removeListener('error', this.ignore);
    this.failures = 0;
    this.drop(reset);
  }

  private async connect(): Promise<void> {
    const { source, options } = this;
    const life = ++this.life;
    try {
      const client = await takeClient(source, options.patience);
      if (this.life !== life) {
        letGo(client);
        return;
      }
      this.connection = new ListeningConnection(client, options, (error) => this.retry(error, true));
      await options.prepare(this.connection);
      if (this.life === life) {
        this.failures = 0;
        this.isUp = true;
        options.onUp?.();
      }
    } catch (error) {
      if (this.life === life) {
        this.retry(error, false);
      }
    }
  }

  private retry(error: unknown, isLost: boolean): void {
    const before = this.failures++;
    this.drop();
    this.timer = setTimeout(() => void this.connect(), backoff(before));
    this.options.onDown(error, { before, isLost });
  }

  private drop(reset?: Query): void {
    const { connection } = this;
    this.life++;
    clearTimeout(this.timer);
    this.connection = undefined;
    this.isUp = false;
    connection?.close(reset);
  }
}
