import { backoff } from '../channel/backoff';
import { SseUnavailableError } from '../channel/backplane.error';
import { SseConfigurationError } from '../event/sse.error';
import { isServerError, runQuery, takeConnection } from './pg-command';
import { textQuery, type PgPool, type PgPoolClient, type PgQuery, type TextRow } from './pg-pool';

/** States that do not pass: credentials (28), no such database (3D), no such object or no privilege for it (3F, 42). */
const LASTING = /^(?:28|3D|3F|42)/;

type Run = (query: PgQuery) => Promise<TextRow[]>;

/** What a link is for. */
export interface PgLinkOptions {
  readonly pool: PgPool;
  /** What it listens to. */
  readonly channel: string;
  /** Milliseconds of silence after which it asks whether the server is there. */
  readonly heartbeat: number;
  /** Milliseconds that any answer may take. */
  readonly timeout: number;
  /** Makes a new connection ready, which listens already. */
  prepare(run: Run): Promise<void>;
  /** Asks something, when nothing else was asked for long. What it throws ends the connection. */
  beat(run: Run): Promise<void>;
  onNotification(payload: string): void;
  onUp(): void;
  onDown(error: unknown): void;
  /** An attempt to connect again has failed. */
  onRetry?(error: unknown, attempt: number): void;
}

/**
 * One connection of the pool that listens, for as long as the link is open: when it breaks, or does not answer in time, another
 * one takes its place.
 */
export class PgLink {
  private client: PgPoolClient | undefined;
  private isClosed = false;
  private asked = 0;
  private last: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  /** Undoes what `attach` did to the connection. */
  private detach = (): void => undefined;

  constructor(private readonly options: PgLinkOptions) {}

  get isUp(): boolean {
    return this.client !== undefined;
  }

  /**
   * Connects, or goes on trying.
   *
   * @throws SseConfigurationError when the server refuses what another attempt would ask again.
   */
  async start(): Promise<void> {
    try {
      await this.connect();
    } catch (error) {
      if (error instanceof SseConfigurationError) {
        throw error;
      }
      const refusal = [error, (error as Error).cause].find(isServerError);
      if (refusal && LASTING.test(refusal.code)) {
        throw new SseConfigurationError(`PostgreSQL refused: ${refusal.message}`, { cause: refusal });
      }
      this.options.onDown(error);
      void this.reconnect();
    }
  }

  /** Asks on this connection. @throws SseUnavailableError while there is none. */
  async query(query: PgQuery): Promise<TextRow[]> {
    const { client } = this;
    if (!client) {
      throw new SseUnavailableError('PostgreSQL cannot be reached at the moment');
    }
    try {
      return await this.run(client, query);
    } catch (error) {
      // What the server refused once it would refuse again on this connection.
      this.lose(client, error);
      throw new SseUnavailableError(
        isServerError(error) ? `PostgreSQL refused: ${error.message}` : 'PostgreSQL did not answer',
        { cause: error },
      );
    }
  }

  /** Gives this connection up for another one. */
  renew(error: unknown): void {
    if (this.client) {
      this.lose(this.client, error);
    }
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.drop();
  }

  /** One statement after the other: `pg` warns of those that wait in a client. */
  private run(client: PgPoolClient, query: PgQuery): Promise<TextRow[]> {
    this.asked = performance.now();
    const rows = this.last.then(() => runQuery(client, query, this.options.timeout));
    this.last = rows.catch(() => undefined);
    return rows;
  }

  private async connect(): Promise<void> {
    const { pool, channel, timeout, prepare } = this.options;
    const client = await takeConnection(pool, timeout);
    this.attach(client);
    try {
      const run: Run = (query) => this.run(client, query);
      await run(textQuery(`LISTEN "${channel}"`));
      await prepare(run);
      if (this.isClosed) {
        throw new SseUnavailableError('It was closed meanwhile');
      }
    } catch (error) {
      this.detach();
      client.release(true);
      throw error;
    }
    this.client = client;
    this.options.onUp();
    this.scheduleBeat(client);
  }

  private attach(client: PgPoolClient): void {
    const onNotification = ({ channel, payload = '' }: { channel: string; payload?: string | undefined }): void => {
      if (channel === this.options.channel) {
        this.options.onNotification(payload);
      }
    };
    const onError = (error: Error): void => this.lose(client, error);
    const onEnd = (): void => this.lose(client, new Error('The connection has ended'));
    client.on('notification', onNotification);
    client.on('error', onError);
    client.on('end', onEnd);
    this.detach = () => {
      client.removeListener('notification', onNotification);
      client.removeListener('end', onEnd);
      // It may still say that it broke, which nobody may leave unheard; it is not used again.
      client.on('error', () => undefined);
      client.removeListener('error', onError);
    };
  }

  private lose(client: PgPoolClient, error: unknown): void {
    if (this.client === client) {
      this.drop();
      if (!this.isClosed) {
        this.options.onDown(error);
        void this.reconnect();
      }
    }
  }

  private drop(): void {
    clearTimeout(this.timer);
    const { client } = this;
    if (client) {
      this.client = undefined;
      this.detach();
      client.release(true);
    }
  }

  private async reconnect(): Promise<void> {
    for (let attempt = 0; !this.isClosed; attempt++) {
      await new Promise<void>((resolve) => {
        this.timer = setTimeout(resolve, backoff(attempt)).unref();
      });
      try {
        await this.connect();
        return;
      } catch (error) {
        this.options.onRetry?.(error, attempt);
      }
    }
  }

  private scheduleBeat(client: PgPoolClient): void {
    const { heartbeat, beat } = this.options;
    const wait = Math.max(1, this.asked + heartbeat - performance.now());
    this.timer = setTimeout(() => {
      if (performance.now() < this.asked + heartbeat - 1) {
        this.scheduleBeat(client);
        return;
      }
      beat((query) => this.run(client, query)).then(
        () => this.client === client && this.scheduleBeat(client),
        (error: unknown) => this.lose(client, error),
      );
    }, wait).unref();
  }
}
