import {
  DEFAULT_HISTORY,
  type Backplane,
  type BackplaneCapabilities,
  type BackplanePublishOptions,
  type BackplaneSubscribeOptions,
  type Delivery,
  type Published,
} from '../channel/backplane';
import { SseClosedError } from '../channel/backplane.error';
import { PublishQueue } from './publish-queue';
import { RedisConnection } from './redis-connection';
import { outcomeUnknown } from './redis-error';
import { keysOf, type RedisKeys } from './redis-keys';
import { resolveRedisOptions, type RedisBackplaneOptions, type RedisSettings } from './redis-options';
import type { RedisSession } from './redis-session';
import { RedisSubscription, type RedisSubscriptionHost } from './redis-subscription';
import { RedisTopic, type RedisReader } from './redis-topic';

/** Most topics whose names are kept. */
const MAX_KEYS = 2_000;
/** Milliseconds that `close()` waits for what is under way, unless it is told otherwise. */
const DRAIN = 1_000;

/**
 * Channels over Redis 7 or newer: publish on any instance of the application, receive on every one, resume on another. It
 * needs the package `redis` (version 6).
 *
 * The events outlive what Redis outlives: with `appendonly yes` and `appendfsync always` everything that was acknowledged, with
 * `everysec` all but about the last second, without persistence nothing. Whoever misses something by that is told `gap: reset`.
 *
 * @throws SseConfigurationError when an option is unknown or cannot work.
 *
 * @example
 * ```ts
 * SseModule.forRoot({ backplane: redisBackplane({ url: process.env.REDIS_URL }) })
 * ```
 */
export function redisBackplane(options: RedisBackplaneOptions = {}): RedisBackplane {
  return new RedisBackplane(options);
}

/** See `redisBackplane()`. */
export class RedisBackplane implements Backplane {
  /** `survives` says what Redis can do; whether it does is a matter of its configuration. */
  readonly capabilities: BackplaneCapabilities;

  private readonly settings: RedisSettings;
  private readonly connection: RedisConnection;
  private readonly queue: PublishQueue;
  /** The topics that are read here, by their Pub/Sub channel. */
  private readonly topics = new Map<string, RedisTopic>();
  /** The names of topics used lately. */
  private readonly keys = new Map<string, RedisKeys>();
  private renewal: NodeJS.Timeout | undefined;
  private isClosed = false;

  /** @internal */
  constructor(options: RedisBackplaneOptions) {
    this.settings = resolveRedisOptions(options);
    const { dedupeWindow } = this.settings;
    this.capabilities = { survives: 'engine-restart', dedupeWindow, exactGaps: true };
    this.connection = new RedisConnection(this.settings, {
      channels: () => [...this.topics.keys()],
      onMessage: (message, channel) => this.topics.get(channel)?.take(message),
      prepare: (session) => this.checkAll(session),
      onUp: () => this.topics.forEach((topic) => topic.onUp()),
      onDown: () => this.topics.forEach((topic) => topic.onDown()),
    });
    this.queue = new PublishQueue(this.connection, this.settings);
  }

  /** Whether Redis can be reached: `stale` from when either of the two connections breaks until both stand again. */
  get state(): 'live' | 'stale' {
    return this.connection.session ? 'live' : 'stale';
  }

  /**
   * Asks Redis over both connections for a sign of life.
   *
   * @returns milliseconds until both had answered.
   * @throws SseUnavailableError when they cannot, or do not within `commandTimeout`.
   */
  ping(): Promise<number> {
    return this.connection.ping();
  }

  /**
   * Connects. Where Redis cannot be reached, this settles all the same and the backplane goes on trying: until it is there,
   * `state` is `stale`, and publications and subscriptions are rejected.
   *
   * @throws SsePackageMissingError when the package `redis` is not installed; SseConfigurationError when Redis does not accept
   * the credentials.
   */
  async start(): Promise<void> {
    const { forgetAfter } = this.settings;
    if (forgetAfter !== undefined) {
      this.renewal = setInterval(() => this.renewAll(forgetAfter), forgetAfter / 4).unref();
    }
    await this.connection.start();
  }

  publish(topic: string, payload: string, options: BackplanePublishOptions = {}): Promise<Published> {
    const { key, history = DEFAULT_HISTORY, signal } = options;
    if (this.isClosed) {
      return Promise.reject(new SseClosedError());
    }
    if (!signal) {
      return this.queue.publish(this.keysOf(topic), payload, key, history);
    }
    return signal.aborted
      ? Promise.reject(signal.reason as Error)
      : untilAborted(this.queue.publish(this.keysOf(topic), payload, key, history), signal);
  }

  subscribe(topic: string, options: BackplaneSubscribeOptions): AsyncIterable<Delivery> {
    if (this.isClosed) {
      throw new SseClosedError();
    }
    return new RedisSubscription(this.hostOf(topic), options);
  }

  async close({ drain = DRAIN }: { readonly drain?: number | undefined } = {}): Promise<void> {
    this.isClosed = true;
    clearInterval(this.renewal);
    for (const { readers } of this.topics.values()) {
      for (const reader of readers) {
        reader.finish();
      }
    }
    if (this.connection.session && drain > 0) {
      await this.queue.idle(drain);
    }
    this.connection.close();
  }

  private keysOf(topic: string): RedisKeys {
    let keys = this.keys.get(topic);
    if (!keys) {
      if (this.keys.size >= MAX_KEYS) {
        this.keys.clear();
      }
      keys = keysOf(this.settings.prefix, topic);
      this.keys.set(topic, keys);
    }
    return keys;
  }

  private hostOf(name: string): RedisSubscriptionHost {
    const { topics, connection } = this;
    return {
      isClosed: () => this.isClosed,
      isUp: () => connection.session !== undefined,
      join: (reader) => this.join(name, reader),
      leave: (topic, reader) => {
        const { stream: channel } = topic.keys;
        topic.readers.delete(reader);
        if (topic.readers.size === 0 && topics.get(channel) === topic) {
          topics.delete(channel);
          connection.session?.unlisten(channel);
        }
      },
    };
  }

  private join(name: string, reader: RedisReader): RedisTopic {
    const { topics, connection, settings } = this;
    const { session } = connection;
    if (!session) {
      throw connection.unavailable();
    }
    const keys = this.keysOf(name);
    let topic = topics.get(keys.stream);
    if (!topic) {
      topic = new RedisTopic(name, keys, connection, settings.forgetAfter ?? 0);
      topics.set(keys.stream, topic);
      topic.listen(session);
    }
    topic.readers.add(reader);
    return topic;
  }

  private async checkAll(session: RedisSession): Promise<void> {
    await Promise.all([...this.topics.values()].map((topic) => topic.check(session)));
  }

  /** A topic that somebody reads is not idle. */
  private renewAll(forgetAfter: number): void {
    for (const topic of this.topics.values()) {
      topic.renew(forgetAfter);
    }
  }
}

/** Gives up waiting when the signal aborts. */
async function untilAborted<T>(reply: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(outcomeUnknown(signal.reason));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([reply, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
