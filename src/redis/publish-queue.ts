import type { HistoryBounds, Published } from '../channel/backplane';
import { SseUnavailableError } from '../channel/backplane.error';
import type { RedisConnection } from './redis-connection';
import type { RedisKeys } from './redis-keys';
import { PUBLISH } from './redis-scripts';

/** Most publications that wait for Redis' answer. */
const MAX_UNDER_WAY = 100_000;
/** Most publications that one call carries, and about how many characters: Redis does nothing else meanwhile. */
const MOST = 64;
const MOST_LENGTH = 65_536;

/** How long Redis remembers. */
export interface PublishQueueSettings {
  readonly dedupeWindow: number;
  readonly forgetAfter?: number | undefined;
}

interface Publication {
  readonly payload: string;
  resolve(published: Published): void;
  reject(error: unknown): void;
}

/** Publications of one topic. */
interface TopicBatch {
  readonly keys: RedisKeys;
  readonly history: HistoryBounds;
  readonly publications: Publication[];
  /** What the publications' keys are called in Redis, if they have some. */
  readonly names: string[] | undefined;
}

/** What goes in one call: publications that have keys, or those that have none. */
interface Batch {
  readonly topics: Map<string, TopicBatch>;
  readonly names: Set<string> | undefined;
  count: number;
  length: number;
}

/**
 * Publications that are begun in one turn of the event loop go to Redis in one call, which costs it half of what as many calls
 * do. Each is written, or not, by itself.
 */
export class PublishQueue {
  private waiting: Batch | undefined;
  private underWay = 0;
  private onIdle: (() => void) | undefined;

  constructor(
    private readonly connection: RedisConnection,
    private readonly settings: PublishQueueSettings,
  ) {}

  /**
   * Appends to a topic, unless the key is known.
   *
   * @throws SseUnavailableError when it was not written, SseOutcomeUnknownError when that cannot be known.
   */
  publish(keys: RedisKeys, payload: string, key: string | undefined, history: HistoryBounds): Promise<Published> {
    if (this.underWay >= MAX_UNDER_WAY) {
      return Promise.reject(
        new SseUnavailableError(`${MAX_UNDER_WAY} publications wait for Redis already. Nothing was written`),
      );
    }
    const name = key === undefined ? undefined : keys.publication(key);
    const batch = this.batchFor(keys.stream, history, name, payload.length);
    let topic = batch.topics.get(keys.stream);
    if (!topic) {
      topic = { keys, history, publications: [], names: batch.names && [] };
      batch.topics.set(keys.stream, topic);
    }
    if (name !== undefined) {
      batch.names!.add(name);
      topic.names!.push(name);
    }
    const { publications } = topic;
    batch.count++;
    batch.length += payload.length;
    this.underWay++;
    return new Promise((resolve, reject) => {
      publications.push({ payload, resolve, reject });
    });
  }

  /** Settles when Redis has answered everything, or after so many milliseconds. */
  async idle(most: number): Promise<void> {
    if (this.underWay > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, most);
        this.onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** @internal */
  flush(batch: Batch): void {
    if (this.waiting !== batch) {
      return;
    }
    this.waiting = undefined;
    const topics = [...batch.topics.values()];
    const together = this.connection.session?.isSharded ? topics.map((topic) => [topic]) : [topics];
    together.forEach((some) => void this.send(some));
  }

  /** The batch that waits, if this publication may be in it, or a new one. */
  private batchFor(stream: string, history: HistoryBounds, name: string | undefined, length: number): Batch {
    let { waiting } = this;
    if (waiting) {
      const isFull = waiting.count >= MOST || waiting.length + length > MOST_LENGTH;
      const isOther = (name !== undefined) !== (waiting.names !== undefined);
      // A key that is there twice is looked up when the first one was written.
      const isThere = name !== undefined && waiting.names?.has(name);
      const topic = waiting.topics.get(stream);
      if (isFull || isOther || isThere || (topic && !isSame(topic.history, history))) {
        this.flush(waiting);
        waiting = undefined;
      }
    }
    if (!waiting) {
      waiting = { topics: new Map(), names: name === undefined ? undefined : new Set(), count: 0, length: 0 };
      this.waiting = waiting;
      process.nextTick(flushBatch, this, waiting);
    }
    return waiting;
  }

  private async send(topics: readonly TopicBatch[]): Promise<void> {
    const { connection } = this;
    const { session } = connection;
    let sent = 0;
    for (const { publications } of topics) {
      sent += publications.length;
    }
    try {
      const [keys, args] = this.commandOf(topics, session?.life ?? '');
      const text = await connection.run<string>(PUBLISH, keys, args);
      const replies = sent === 1 ? [text] : text.split('\n');
      let at = 0;
      for (const { publications } of topics) {
        for (const { resolve, reject } of publications) {
          const reply = replies[at++]!;
          if (reply.startsWith('!')) {
            reject(connection.refused(session!, new Error(reply.slice(1))));
          } else {
            resolve(publishedAt(reply));
          }
        }
      }
    } catch (error) {
      for (const { publications } of topics) {
        for (const { reject } of publications) {
          reject(error);
        }
      }
    }
    this.underWay -= sent;
    if (this.underWay === 0) {
      this.onIdle?.();
    }
  }

  private commandOf(topics: readonly TopicBatch[], life: string): [keys: string[], args: string[]] {
    const { dedupeWindow, forgetAfter = 0 } = this.settings;
    const { history, names } = topics[0]!;
    const keys: string[] = [];
    const args = [names || forgetAfter > 0 ? `${life} ${dedupeWindow} ${forgetAfter} ${topics.length}` : life];
    const isEachAlone = topics.every((topic) => topic.publications.length === 1 && isSame(topic.history, history));
    args.push(isEachAlone ? textOf(history) : '');
    for (const topic of topics) {
      keys.push(topic.keys.stream, topic.keys.meta);
      if (!isEachAlone) {
        args.push(`${topic.publications.length}${textOf(topic.history)}`);
      }
      for (const { payload } of topic.publications) {
        args.push(payload);
      }
    }
    for (const topic of names ? topics : []) {
      keys.push(...topic.names!);
    }
    return [keys, args];
  }
}

function flushBatch(queue: PublishQueue, batch: Batch): void {
  queue.flush(batch);
}

function isSame(one: HistoryBounds, other: HistoryBounds): boolean {
  return (
    one === other ||
    (one.maxEvents === other.maxEvents && one.maxBytes === other.maxBytes && one.maxAge === other.maxAge)
  );
}

function textOf({ maxEvents, maxBytes, maxAge }: HistoryBounds): string {
  return ` ${maxEvents} ${maxBytes} ${maxAge} `;
}

function publishedAt(reply: string): Published {
  return reply.startsWith('=') ? { position: reply.slice(1), duplicate: true } : { position: reply, duplicate: false };
}
