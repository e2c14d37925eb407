import { Logger } from '@nestjs/common';
import { messageOf } from '../event/error-text';
import { SseConfigurationError } from '../event/sse.error';
import { LONGEST_TIME } from './check-milliseconds';
import { isConnectionError } from './connection-error';
import type { ListeningConnection } from './listening-connection';
import type { ListenMessage } from './pg-client';
import type { ListenClient, ListenPool } from './postgres-connect';
import { ReconnectingListener, type FailedAttempt } from './reconnecting-listener';
import type { TailListener, TailSubscriber } from './tail-listener';

/** Milliseconds that a connection may take to come. */
const PATIENCE = 30_000;

/** Listens over `pg` for all streams on one connection, which is taken with the first and given back with the last. */
export class PgListener implements TailListener {
  private readonly subscribers = new Set<TailSubscriber>();
  private readonly logger = new Logger('SseTail');
  private readonly listener: ReconnectingListener<string, unknown>;
  /** What is listened to on the present connection. */
  private listening = new Map<string, Promise<unknown>>();

  constructor(source: ListenPool | (() => Promise<ListenClient>)) {
    if (typeof source !== 'function' && source.options?.max === 1) {
      throw new SseConfigurationError(
        'tailQuery: the pool has one connection at most, and listening takes one for itself: give it `max: 2` or more',
      );
    }
    const heartbeat = (): number => Math.min(...[...this.subscribers].map((each) => each.heartbeat), LONGEST_TIME);
    this.listener = new ReconnectingListener(source, {
      patience: PATIENCE,
      heartbeat,
      timeout: heartbeat,
      prepare: (connection) => this.prepare(connection),
      beat: (connection) => connection.run('SELECT 1'),
      onNotification: (message) => this.onNotification(message),
      onDown: (error, attempt) => this.onDown(error, attempt),
    });
  }

  join(subscriber: TailSubscriber): () => void {
    this.subscribers.add(subscriber);
    if (this.listener.connection !== undefined) {
      void this.listen(this.listener.connection, subscriber);
    } else if (this.subscribers.size === 1) {
      void this.listener.open();
    }
    return () => this.leave(subscriber);
  }

  private leave(subscriber: TailSubscriber): void {
    if (!this.subscribers.has(subscriber)) {
      return;
    }
    if (this.subscribers.size === 1) {
      // While the last one still says how long an answer may take.
      this.listener.close('UNLISTEN *');
    }
    this.subscribers.delete(subscriber);
    const { connection } = this.listener;
    for (const channel of subscriber.channels) {
      if (connection !== undefined && !this.isWanted(channel) && this.listening.delete(channel)) {
        connection.run(`UNLISTEN "${channel}"`).catch(connection.lose);
      }
    }
  }

  private isWanted(channel: string): boolean {
    return [...this.subscribers].some(({ channels }) => channels.includes(channel));
  }

  private async prepare(connection: ListeningConnection<string, unknown>): Promise<void> {
    this.listening = new Map();
    await Promise.all([...this.subscribers].map((subscriber) => this.listen(connection, subscriber)));
  }

  private async listen(connection: ListeningConnection<string, unknown>, subscriber: TailSubscriber): Promise<void> {
    try {
      await Promise.all(
        subscriber.channels.map((channel) => {
          const listening = this.listening.get(channel) ?? connection.run(`LISTEN "${channel}"`);
          this.listening.set(channel, listening);
          return listening;
        }),
      );
    } catch (error) {
      // A connection that breaks says so itself, and everybody is listened to anew on the next one.
      if (!isConnectionError(error)) {
        subscriber.onFailed(error);
      }
      return;
    }
    if (this.listener.connection === connection && this.subscribers.has(subscriber)) {
      subscriber.onListening();
    }
  }

  private onNotification({ channel, payload = '' }: ListenMessage): void {
    for (const subscriber of this.subscribers) {
      if (subscriber.channels.includes(channel)) {
        subscriber.onNotification(payload);
      }
    }
  }

  private onDown(error: unknown, { before, isLost }: FailedAttempt): void {
    if (!isLost && !isConnectionError(error)) {
      const failed = [...this.subscribers];
      this.subscribers.clear();
      this.listener.close();
      failed.forEach((subscriber) => subscriber.onFailed(error));
    } else if (before === 0) {
      this.logger.warn(`The connection that listens to PostgreSQL is lost; the stream retries: ${messageOf(error)}`);
    }
  }
}
