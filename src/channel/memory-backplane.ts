import { show } from '../event/printable';
import { SseConfigurationError } from '../event/sse.error';
import { TimerWheel } from '../stream/timer-wheel';
import {
  DEFAULT_HISTORY,
  type Backplane,
  type BackplanePublishOptions,
  type BackplaneSubscribeOptions,
  type Delivery,
  type Position,
  type Published,
} from './backplane';
import { SseClosedError } from './backplane.error';
import { ForgottenTopics } from './forgotten-topics';
import { keyName, MemoryKeys } from './memory-keys';
import { newProcessEpoch, TopicPositions } from './memory-position';
import { MemorySubscription } from './memory-subscription';
import { MemoryEntry, MemoryTopic, type MemoryTopicHost } from './memory-topic';

/** Options of `memoryBackplane()`. */
export interface MemoryBackplaneOptions {
  /**
   * Most bytes that the histories of all topics and the keys of publications take together, with an estimate of what their
   * bookkeeping takes. Above it, topics lose their history, those first that have been silent longest.
   *
   * Keys take at most a quarter of it. Above that, keys are forgotten before their time: of the topic that publishes, where it
   * is among the topics with the most keys, otherwise of one of those. So a topic whose keys clients choose costs no other
   * topic its keys. All keys take the same, however long they are: about 70,000 of one topic fit into the default.
   *
   * @default 67108864
   */
  readonly maxBytes?: number | undefined;
}

/** The part of the bound that keys may take. */
const SHARE_OF_KEYS = 1 / 4;
/** About what a topic with one event takes beside the payload and its name. */
const TOPIC_OVERHEAD = 850;
/** About what each event takes beside the payload. */
const EVENT_OVERHEAD = 100;

/**
 * Channels within one process: the recent events of each topic, in memory. Nothing outlives the process, and a client that
 * comes back to another one is told so (`gap: reset`).
 *
 * Its positions tell something: the number in them counts the events of all topics of the process. A client that compares two
 * ids learns how many events were published between them, also in topics that it cannot read. Where that must not be known,
 * use Redis or PostgreSQL, whose positions count the events of their own topic.
 *
 * It is what `SseModule` uses unless it is given another backplane; an application has one of its own, and closes it.
 *
 * @example
 * ```ts
 * SseModule.forRoot({ backplane: memoryBackplane({ maxBytes: 512 * 1024 * 1024 }) })
 * ```
 */
export function memoryBackplane(options: MemoryBackplaneOptions = {}): MemoryBackplane {
  return new MemoryBackplane(options);
}

/** A class, for the reason that `MemoryEntry` is one. */
class MemoryPublished implements Published {
  constructor(
    readonly position: Position,
    readonly duplicate: boolean,
  ) {}
}

/** See `memoryBackplane()`. */
export class MemoryBackplane implements Backplane {
  readonly capabilities = { survives: 'nothing', dedupeWindow: 120_000, exactGaps: false } as const;

  /** What the topics know of the backplane. */
  private readonly host: MemoryTopicHost & { last: number } = {
    last: 0,
    account: (events, bytes) => {
      this.bytes += bytes + events * EVENT_OVERHEAD;
    },
    tidy: (topic) => this.tidy(topic),
  };
  private readonly process = newProcessEpoch();
  private readonly maxBytes: number;
  private readonly wheel = new TimerWheel();
  private readonly keys: MemoryKeys;
  private readonly topics = new Map<string, MemoryTopic>();
  /** The topics that have a history, in the order of their last publication. */
  private readonly retaining = new Set<MemoryTopic>();
  /** The last of them. */
  private newest: MemoryTopic | undefined;
  private readonly forgotten = new ForgottenTopics();
  private bytes = 0;
  private isClosed = false;

  /** @internal */
  constructor({ maxBytes = 67_108_864 }: MemoryBackplaneOptions) {
    if (!Number.isSafeInteger(maxBytes) || maxBytes < 0) {
      throw new SseConfigurationError(
        `memoryBackplane(): maxBytes must be a whole number of bytes from 0, not ${show(maxBytes)}`,
      );
    }
    this.maxBytes = maxBytes;
    this.keys = new MemoryKeys(this.wheel, this.capabilities.dedupeWindow, maxBytes * SHARE_OF_KEYS);
  }

  /** How many topics are held: those with retained events or subscribers. */
  get topicCount(): number {
    return this.topics.size;
  }

  /** Bytes that the histories of all topics and the keys of publications take, their bookkeeping estimated. */
  get retainedBytes(): number {
    return this.bytes + this.keys.bytes;
  }

  async start(): Promise<void> {
    // Nothing to connect to.
  }

  async publish(topicName: string, payload: string, options: BackplanePublishOptions = {}): Promise<Published> {
    const { key, history = DEFAULT_HISTORY, signal } = options;
    if (this.isClosed) {
      throw new SseClosedError();
    }
    signal?.throwIfAborted();
    const name = key === undefined ? undefined : keyName(topicName, key);
    const known = name === undefined ? undefined : this.keys.find(name);
    if (known !== undefined) {
      return new MemoryPublished(known, true);
    }
    const topic = this.topic(topicName);
    const n = ++this.host.last;
    topic.append(new MemoryEntry(n, payload), history);
    const position = topic.positions.at(n);
    if (name !== undefined) {
      this.keys.remember(name, topic, n);
    }
    this.retain(topic, history.maxAge);
    return new MemoryPublished(position, false);
  }

  subscribe(topicName: string, options: BackplaneSubscribeOptions): AsyncIterable<Delivery> {
    if (this.isClosed) {
      throw new SseClosedError();
    }
    return new MemorySubscription(this.topic(topicName), options);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const topic of this.topics.values()) {
      for (const subscription of topic.subscriptions) {
        subscription.finish();
      }
      topic.dropAll();
      this.tidy(topic);
    }
    this.keys.clear();
  }

  /** Lets go of what a topic without a history does not need. */
  private tidy(topic: MemoryTopic): void {
    if (topic.size > 0) {
      return;
    }
    if (this.retaining.delete(topic)) {
      this.newest = this.newest === topic ? undefined : this.newest;
      this.bytes -= bytesOf(topic);
      this.wheel.remove(topic);
    }
    if (topic.subscriptions.size === 0 && this.topics.delete(topic.name)) {
      this.forgotten.add(topic.positions.hashes, topic.last);
    }
  }

  private topic(name: string): MemoryTopic {
    let topic = this.topics.get(name);
    if (!topic) {
      const positions = new TopicPositions(this.process, name);
      topic = new MemoryTopic(name, positions, this.forgotten.bound(positions.hashes), this.host);
      this.topics.set(name, topic);
    }
    return topic;
  }

  /** Sees to it that what was just published is trimmed in time, and that all histories together stay within the bound. */
  private retain(topic: MemoryTopic, maxAge: number): void {
    // Not at each publication: a set that is changed so often leaves 40 bytes for the collector each time.
    if (topic !== this.newest) {
      if (!this.retaining.delete(topic)) {
        this.bytes += bytesOf(topic);
        this.wheel.add(topic, maxAge);
      }
      this.retaining.add(topic);
      this.newest = topic;
    }
    for (const silent of this.retaining) {
      if (this.retainedBytes <= this.maxBytes) {
        break;
      }
      silent.dropAll();
      this.tidy(silent);
    }
    this.tidy(topic);
  }
}

/** What a topic takes beside its events. Clients may choose its name. */
function bytesOf({ name }: MemoryTopic): number {
  return TOPIC_OVERHEAD + 2 * name.length;
}
