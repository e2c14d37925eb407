import { Logger } from '@nestjs/common';
import { SseUnavailableError } from '../channel/backplane.error';
import { messageOf } from '../event/error-text';
import { SseConfigurationError } from '../event/sse.error';
import type { BackplaneSql } from './backplane-sql';
import { prepareTables } from './backplane-tables';
import type { ListeningConnection } from './listening-connection';
import { isServerError } from './pg-command';
import { textQuery, type PgQuery, type TextRow } from './pg-pool';
import type { PostgresBackplaneOptions } from './postgres-backplane-options';
import { ReconnectingListener } from './reconnecting-listener';
import { TopicReader } from './topic-reader';

/** States that do not pass: credentials (28), no such database (3D), no such object or no privilege for it (3F, 42). */
const LASTING = /^(?:28|3D|3F|42)/;

type PgResult = { readonly rows: unknown[] };

/** The backplane's own connection of the pool: events are announced on it, and read over it. */
export class BackplaneConnection {
  readonly reader: TopicReader;
  private readonly logger = new Logger('PostgresBackplane');
  private readonly listener: ReconnectingListener<PgQuery, PgResult>;
  private isStarting = false;
  private refusal: SseConfigurationError | undefined;
  private warned: string | undefined;

  constructor(options: Required<PostgresBackplaneOptions>, sql: BackplaneSql) {
    const { pool, heartbeat, commandTimeout, createTables } = options;
    this.reader = new TopicReader(
      sql,
      (query) => this.query(query),
      (error) => this.listener.connection?.lose(error),
    );
    this.listener = new ReconnectingListener(pool, {
      patience: commandTimeout,
      heartbeat: () => heartbeat,
      timeout: () => commandTimeout,
      prepare: async (connection) => {
        await connection.run(textQuery(`LISTEN "${sql.channel}"`));
        await prepareTables(runOn(connection), sql, createTables);
      },
      beat: (connection) => this.reader.poll(runOn(connection)),
      onNotification: ({ channel, payload = '' }) => channel === sql.channel && this.reader.notified(payload),
      onUp: () => this.onUp(),
      onDown: (error) => this.onDown(error),
    });
  }

  get isUp(): boolean {
    return this.listener.isUp;
  }

  /**
   * Connects, or goes on trying.
   *
   * @throws SseConfigurationError when the server refuses what another attempt would ask again.
   */
  async start(): Promise<void> {
    this.isStarting = true;
    this.refusal = undefined;
    await this.listener.open();
    this.isStarting = false;
    if (this.refusal) {
      throw this.refusal;
    }
  }

  /** Asks on this connection. @throws SseUnavailableError while there is none. */
  async query(query: PgQuery): Promise<TextRow[]> {
    const { connection, isUp } = this.listener;
    if (!connection || !isUp) {
      throw new SseUnavailableError('PostgreSQL is temporarily unavailable');
    }
    try {
      return await runOn(connection)(query);
    } catch (error) {
      // What the server refused once it would refuse again on this connection.
      connection.lose(error);
      throw new SseUnavailableError(
        isServerError(error) ? `PostgreSQL refused: ${messageOf(error)}` : 'PostgreSQL did not answer',
        { cause: error },
      );
    }
  }

  close(): void {
    this.listener.close();
  }

  /** Says what stands against it; once, however often it is tried. */
  warn(error: unknown): void {
    const { cause } = error as Error;
    const text = cause === undefined ? messageOf(error) : `${messageOf(error)}: ${messageOf(cause)}`;
    if (text !== this.warned) {
      this.warned = text;
      this.logger.warn(text);
    }
  }

  private onUp(): void {
    if (this.warned !== undefined) {
      this.logger.log('PostgreSQL is available again');
      this.warned = undefined;
    }
    for (const listener of this.reader) {
      listener.onUp();
    }
  }

  private onDown(error: unknown): void {
    this.refusal = this.isStarting ? refusalOf(error) : undefined;
    if (this.refusal) {
      this.listener.close();
      return;
    }
    this.warn(
      new SseUnavailableError('PostgreSQL is temporarily unavailable; the backplane retries', { cause: error }),
    );
    for (const listener of this.reader) {
      listener.onDown();
    }
  }
}

function runOn(connection: ListeningConnection<PgQuery, PgResult>): (query: PgQuery) => Promise<TextRow[]> {
  return async (query) => (await connection.run(query)).rows as TextRow[];
}

function refusalOf(error: unknown): SseConfigurationError | undefined {
  if (isServerError(error) && LASTING.test(error.code)) {
    return new SseConfigurationError(`PostgreSQL refused: ${messageOf(error)}`, { cause: error });
  }
  return error instanceof SseConfigurationError ? error : undefined;
}
