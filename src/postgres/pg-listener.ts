import { Logger } from '@nestjs/common';
import { backoff } from '../channel/backoff';
import { SseConfigurationError } from '../event/sse.error';
import { LONGEST_TIME } from './check-milliseconds';
import { isConnectionError } from './connection-error';
import { ListeningConnection } from './listening-connection';
import type { ListenClient, ListenMessage, ListenPool } from './postgres-connect';
import type { TailListener, TailSubscriber } from './tail-listener';

/** Milliseconds that a connection may take to come, from a pool that is used up as well. */
const PATIENCE = 30_000;

/**
 * The one connection of `pg` that listens for all streams: opened with the first, opened again when it breaks, given back
 * with the last.
 */
export class PgListener implements TailListener {
  private readonly subscribers = new Set<TailSubscriber>();
  private readonly logger = new Logger('SseTail');
  private readonly pool: ListenPool | undefined;
  /** What is listened to on the present connection. */
  private listening = new Map<string, Promise<unknown>>();
  private connection: ListeningConnection | undefined;
  /** Counts the times that a connection was begun or given up: whatever an earlier one still says is not heard. */
  private life = 0;
  private attempts = 0;
  private timer: NodeJS.Timeout | undefined;
  /** A pool's idle connections tell it that they broke; unheard, that would end the process. */
  private readonly ignore = (): void => undefined;

  constructor(private readonly source: ListenPool | (() => Promise<ListenClient>)) {
    this.pool = typeof source === 'function' ? undefined : source;
    if (this.pool?.options?.max === 1) {
      throw new SseConfigurationError(
        'tailQuery: the pool has one connection at most, and listening takes one for itself: give it `max: 2` or more',
      );
    }
  }

  join(subscriber: TailSubscriber): () => void {
    this.subscribers.add(subscriber);
    if (this.connection !== undefined) {
      void this.listen(this.connection, subscriber);
    } else if (this.subscribers.size === 1) {
      this.pool?.on('error', this.ignore);
      this.attempts = 0;
      void this.open();
    }
    return () => this.leave(subscriber);
  }

  private leave(subscriber: TailSubscriber): void {
    if (!this.subscribers.delete(subscriber)) {
      return;
    }
    if (this.subscribers.size === 0) {
      this.giveUp()?.giveBack();
      this.pool?.removeListener('error', this.ignore);
      return;
    }
    for (const channel of subscriber.channels) {
      if (this.connection !== undefined && this.listening.has(channel) && !this.isWanted(channel)) {
        this.listening.delete(channel);
        this.connection.unlisten(channel);
      }
    }
  }

  private isWanted(channel: string): boolean {
    return [...this.subscribers].some(({ channels }) => channels.includes(channel));
  }

  private giveUp(): ListeningConnection | undefined {
    const { connection } = this;
    this.life++;
    clearTimeout(this.timer);
    this.connection = undefined;
    this.listening = new Map();
    return connection;
  }

  private async open(): Promise<void> {
    const life = ++this.life;
    const isStale = (): boolean => this.life !== life;
    try {
      const client = await this.connect(isStale);
      if (client === undefined) {
        return;
      }
      this.connection = new ListeningConnection(client, {
        heartbeat: () => this.heartbeat(),
        onNotification: (message) => this.onNotification(message),
        onLost: (error) => this.onLost(error, life),
      });
      for (const subscriber of this.subscribers) {
        void this.listen(this.connection, subscriber);
      }
    } catch (error) {
      this.onLost(error, life);
    }
  }

  /** @returns nothing where nobody waits any more; what comes later goes back. */
  private connect(isStale: () => boolean): Promise<ListenClient | undefined> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        reject(new Error(`Connection terminated: none came within ${PATIENCE} ms`));
      }, PATIENCE);
      this.take()
        .then((client) => {
          if (isLate || isStale()) {
            void (client.release ?? client.end).call(client);
            resolve(undefined);
          } else {
            resolve(client);
          }
        }, reject)
        .finally(() => clearTimeout(timer));
    });
  }

  private async take(): Promise<ListenClient> {
    return typeof this.source === 'function' ? this.source() : this.source.connect();
  }

  private async listen(connection: ListeningConnection, subscriber: TailSubscriber): Promise<void> {
    try {
      await Promise.all(
        subscriber.channels.map((channel) => {
          const listening = this.listening.get(channel) ?? connection.listen(channel);
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
    if (this.connection === connection && this.subscribers.has(subscriber)) {
      this.attempts = 0;
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

  private onLost(error: unknown, life: number): void {
    if (this.life !== life) {
      return;
    }
    const wasOpen = this.giveUp() !== undefined;
    if (!wasOpen && !isConnectionError(error)) {
      this.fail(error);
      return;
    }
    if (this.attempts === 0) {
      this.logger.warn(`Nothing listens to PostgreSQL at the moment, and is tried again: ${(error as Error).message}`);
    }
    this.timer = setTimeout(() => void this.open(), backoff(this.attempts++));
  }

  private fail(error: unknown): void {
    const failed = [...this.subscribers];
    this.subscribers.clear();
    this.pool?.removeListener('error', this.ignore);
    failed.forEach((subscriber) => subscriber.onFailed(error));
  }

  private heartbeat(): number {
    return Math.min(...[...this.subscribers].map(({ heartbeat }) => heartbeat), LONGEST_TIME);
  }
}
