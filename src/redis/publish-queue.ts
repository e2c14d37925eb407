import type { HistoryBounds } from '../channel/backplane';
import type { RedisConnection } from './redis-connection';
import type { RedisKeys } from './redis-keys';
import { PUBLISH } from './redis-scripts';

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
  resolve(reply: string): void;
  reject(error: unknown): void;
}

/** Publications of one topic. */
interface TopicBatch {
  readonly keys: RedisKeys;
  readonly bounds: string;
  /** What the publications' keys are called in Redis. */
  readonly names: string[];
  readonly publications: Publication[];
}

/** What goes in one call: publications that have keys, or those that have none. */
interface Batch {
  readonly isKeyed: boolean;
  readonly topics: Map<string, TopicBatch>;
  readonly names: Set<string>;
  count: number;
  length: number;
}

/**
 * Publications that are begun in one turn of the event loop go to Redis in one call, which costs it half of what as many calls
 * do. Each is written, or not, by itself.
 */
export class PublishQueue {
  private waiting: Batch | undefined;

  constructor(
    private readonly connection: RedisConnection,
    private readonly settings: PublishQueueSettings,
  ) {}

  /**
   * @returns the position, after a `=` where it is that of an earlier publication with this key.
   * @throws SseUnavailableError when it was not written, SseOutcomeUnknownError when that cannot be known.
   */
  publish(keys: RedisKeys, payload: string, key: string | undefined, history: HistoryBounds): Promise<string> {
    const { maxEvents, maxBytes, maxAge } = history;
    const bounds = ` ${maxEvents} ${maxBytes} ${maxAge} `;
    const name = key === undefined ? undefined : keys.publication(key);
    const batch = this.batchFor(keys.stream, bounds, name, payload.length);
    batch.count++;
    batch.length += payload.length;
    let topic = batch.topics.get(keys.stream);
    if (!topic) {
      topic = { keys, bounds, names: [], publications: [] };
      batch.topics.set(keys.stream, topic);
    }
    if (name !== undefined) {
      batch.names.add(name);
      topic.names.push(name);
    }
    const { publications } = topic;
    return new Promise((resolve, reject) => {
      publications.push({ payload, resolve, reject });
    });
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
  private batchFor(stream: string, bounds: string, name: string | undefined, length: number): Batch {
    let { waiting } = this;
    if (waiting) {
      const topic = waiting.topics.get(stream);
      const isFull = waiting.count >= MOST || waiting.length + length > MOST_LENGTH;
      const isOther = waiting.isKeyed !== (name !== undefined) || (topic && topic.bounds !== bounds);
      // A key that is there twice is looked up when the first one was written.
      if (isFull || isOther || (name !== undefined && waiting.names.has(name))) {
        this.flush(waiting);
        waiting = undefined;
      }
    }
    if (!waiting) {
      waiting = {
        isKeyed: name !== undefined,
        topics: new Map(),
        names: new Set(),
        count: 0,
        length: 0,
      };
      this.waiting = waiting;
      process.nextTick(flushBatch, this, waiting);
    }
    return waiting;
  }

  private async send(topics: readonly TopicBatch[]): Promise<void> {
    const { connection } = this;
    const { session } = connection;
    const all = topics.flatMap(({ publications }) => publications);
    try {
      const [keys, args] = this.commandOf(topics, session?.life ?? '');
      const replies = (await connection.run<string>(PUBLISH, keys, args)).split('\n');
      for (const [index, { resolve, reject }] of all.entries()) {
        const reply = replies[index]!;
        if (reply.startsWith('!')) {
          reject(connection.refused(session!, new Error(reply.slice(1))));
        } else {
          resolve(reply);
        }
      }
    } catch (error) {
      for (const { reject } of all) {
        reject(error);
      }
    }
  }

  private commandOf(topics: readonly TopicBatch[], life: string): [keys: string[], args: string[]] {
    const { dedupeWindow, forgetAfter = 0 } = this.settings;
    const isKeyed = topics[0]!.names.length > 0;
    const keys = topics.flatMap(({ keys: { stream, meta } }) => [stream, meta]);
    const args = [isKeyed || forgetAfter > 0 ? `${life} ${dedupeWindow} ${forgetAfter} ${topics.length}` : life];
    for (const { keys: topicKeys, bounds, names, publications } of topics) {
      keys.push(...names);
      args.push(topicKeys.channel, bounds, `${publications.length}`);
      for (const { payload } of publications) {
        args.push(payload);
      }
    }
    return [keys, args];
  }
}

function flushBatch(queue: PublishQueue, batch: Batch): void {
  queue.flush(batch);
}
