import {
  DEFAULT_HISTORY,
  type Backplane,
  type BackplanePublishOptions,
  type BackplaneSubscribeOptions,
  type Delivery,
  type Published,
} from '../channel/backplane';
import { SseClosedError, SseUnavailableError } from '../channel/backplane.error';
import { SseTopicError } from '../channel/names';
import { BackplaneConnection } from './backplane-connection';
import { backplaneSql, DEDUPE_WINDOW } from './backplane-sql';
import { textQuery } from './pg-pool';
import { resolvePostgresOptions, type PostgresBackplaneOptions } from './postgres-backplane-options';
import { PostgresSubscription } from './postgres-subscription';
import { PublishLane } from './publish-lane';
import { TopicSweeper } from './topic-sweeper';

/** Milliseconds that `close()` waits for publications under way, unless it is told otherwise. */
const DRAIN = 1_000;

/**
 * Channels over PostgreSQL 13 or newer, for applications that have it and no other engine: publish on any instance, receive on
 * every one, resume on another. Events are rows, a notification says that there are new ones, and whatever was committed is
 * delivered. It needs the package `pg` (version 8).
 *
 * The database must be in UTF-8 with the isolation level `read committed`, which is PostgreSQL's default, and connections must
 * keep their session: no pooler in transaction mode in between.
 *
 * @throws SseConfigurationError when an option is unknown or cannot work.
 *
 * @example
 * ```ts
 * SseModule.forRoot({ backplane: postgresBackplane({ pool: new Pool({ connectionString }) }) })
 * ```
 */
export function postgresBackplane(options: PostgresBackplaneOptions): PostgresBackplane {
  return new PostgresBackplane(options);
}

/** See `postgresBackplane()`. */
export class PostgresBackplane implements Backplane {
  readonly capabilities = { survives: 'engine-restart', dedupeWindow: DEDUPE_WINDOW, exactGaps: true } as const;

  private readonly connection: BackplaneConnection;
  private readonly lane: PublishLane;
  private readonly sweeper: TopicSweeper;
  private readonly subscriptions = new Set<PostgresSubscription>();
  private isClosed = false;

  /** @internal */
  constructor(options: PostgresBackplaneOptions) {
    const resolved = resolvePostgresOptions(options);
    const { pool, commandTimeout } = resolved;
    const sql = backplaneSql(resolved);
    this.connection = new BackplaneConnection(resolved, sql);
    this.lane = new PublishLane(pool, sql.publish, commandTimeout);
    this.sweeper = new TopicSweeper(pool, sql.sweep, commandTimeout, (error) => this.connection.warn(error));
  }

  /** Whether PostgreSQL can be reached: `stale` from when the listening connection breaks until another one stands. */
  get state(): 'live' | 'stale' {
    return this.connection.isUp ? 'live' : 'stale';
  }

  /**
   * Asks PostgreSQL for a sign of life over the connection that listens.
   *
   * @returns milliseconds until it had answered.
   * @throws SseUnavailableError when it cannot, or does not within `commandTimeout`.
   */
  async ping(): Promise<number> {
    const asked = performance.now();
    await this.connection.query(textQuery('SELECT 1'));
    return performance.now() - asked;
  }

  /**
   * Connects, and makes the tables where they are missing. Where PostgreSQL cannot be reached, this settles all the same and the
   * backplane goes on trying: until it is there, `state` is `stale`, and publications and subscriptions are rejected.
   *
   * @throws SseConfigurationError when PostgreSQL does not accept the credentials, or tables are missing and cannot be made.
   */
  async start(): Promise<void> {
    await this.connection.start();
    this.sweeper.start();
  }

  async publish(topic: string, payload: string, options: BackplanePublishOptions = {}): Promise<Published> {
    const { key, history = DEFAULT_HISTORY, signal } = options;
    this.check(topic);
    signal?.throwIfAborted();
    if (!this.connection.isUp) {
      throw new SseUnavailableError('PostgreSQL is temporarily unavailable. Nothing was written');
    }
    return this.lane.publish({ topic, payload, key, history, signal });
  }

  subscribe(topic: string, options: BackplaneSubscribeOptions): AsyncIterable<Delivery> {
    this.check(topic);
    const subscription: PostgresSubscription = new PostgresSubscription(topic, options, this.connection.reader, () =>
      this.subscriptions.delete(subscription),
    );
    if (!options.signal.aborted) {
      this.subscriptions.add(subscription);
    }
    return subscription;
  }

  async close({ drain = DRAIN }: { readonly drain?: number | undefined } = {}): Promise<void> {
    this.isClosed = true;
    this.sweeper.stop();
    for (const subscription of this.subscriptions) {
      subscription.finish();
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drain);
    });
    await Promise.race([this.lane.close(), late]);
    clearTimeout(timer);
    this.connection.close();
  }

  private check(topic: string): void {
    if (this.isClosed) {
      throw new SseClosedError();
    }
    if (topic.includes('\0')) {
      throw new SseTopicError('A topic must not contain control characters or lone surrogates');
    }
  }
}
