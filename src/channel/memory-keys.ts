import type { TimerWheel, WheelEntry } from '../stream/timer-wheel';
import type { Position } from './backplane';
import { digestOf } from './key-digest';
import type { TopicPositions } from './memory-position';
import { SizeClasses } from './size-classes';

/** About what a key takes, however long it is: only its digest is kept. */
const KEY_BYTES = 230;
/** About what a topic that has keys takes beside them and its name. */
const TOPIC_BYTES = 410;

/** What is known of the topic of a publication. */
interface KeyedTopic {
  readonly name: string;
  readonly positions: TopicPositions;
}

/** The keys of one topic, from the oldest to the newest. */
class TopicKeys implements KeyedTopic {
  oldest: KnownKey | undefined;
  newest: KnownKey | undefined;
  count = 0;

  constructor(
    readonly name: string,
    readonly positions: TopicPositions,
  ) {}

  get bytes(): number {
    return TOPIC_BYTES + 2 * this.name.length;
  }
}

/** A key of a publication, in the order of its topic and in that of all topics. A class, for the reason that `MemoryEntry` is one. */
class KnownKey {
  /** The next one of its topic. */
  next: KnownKey | undefined;
  /** Its neighbours among those of all topics. */
  older: KnownKey | undefined;
  newer: KnownKey | undefined;

  constructor(
    readonly topic: TopicKeys,
    readonly name: string,
    /** The number of its publication. */
    readonly n: number,
    readonly expires: number,
  ) {}
}

/**
 * The keys of publications, for as long as a second one with the same key may come, within a bound of bytes.
 *
 * Above the bound keys are forgotten before their time: the oldest one of the topic that publishes, where that is among the
 * topics with the most keys, otherwise the oldest one of such a topic. So a topic never loses a key to one that has more.
 */
export class MemoryKeys implements WheelEntry {
  /** What all of them take, estimated. */
  bytes = 0;
  private readonly known = new Map<string, KnownKey>();
  private readonly topics = new Map<string, TopicKeys>();
  /** The topics by how many keys they have. */
  private sizes = new SizeClasses<TopicKeys>();
  // All are kept equally long, so the order of insertion is that of expiry.
  private oldest: KnownKey | undefined;
  private newest: KnownKey | undefined;

  /**
   * @param window milliseconds that a key is remembered.
   * @param maxBytes most bytes that the keys of all topics take.
   */
  constructor(
    private readonly wheel: TimerWheel,
    private readonly window: number,
    private readonly maxBytes: number,
  ) {}

  get size(): number {
    return this.known.size;
  }

  /** The position of the publication that had this key, by the key's name. */
  find(name: string): Position | undefined {
    const known = this.known.get(name);
    return known && known.expires > performance.now() ? known.topic.positions.at(known.n) : undefined;
  }

  /**
   * Remembers a key that `find` does not know.
   *
   * @param n the number of the publication.
   */
  remember(name: string, { name: topicName, positions }: KeyedTopic, n: number): void {
    const now = performance.now();
    this.expire(now);
    const topic = this.topics.get(topicName) ?? this.addTopic(topicName, positions);
    this.add(new KnownKey(topic, name, n, now + this.window));
    while (this.bytes > this.maxBytes) {
      this.forget(this.crowded(topic).oldest!);
    }
  }

  onTick(now: number): number {
    this.expire(now);
    return this.oldest ? this.oldest.expires - now : this.window;
  }

  clear(): void {
    this.known.clear();
    this.topics.clear();
    this.sizes = new SizeClasses();
    this.oldest = undefined;
    this.newest = undefined;
    this.bytes = 0;
    this.wheel.remove(this);
  }

  private expire(now: number): void {
    while (this.oldest && this.oldest.expires <= now) {
      this.forget(this.oldest);
    }
  }

  /** The topic that is to give a key up when this one publishes. */
  private crowded(publishing: TopicKeys): TopicKeys {
    // One that has its newest key alone keeps it: the others of its class are as large.
    return publishing.count > 1 && this.sizes.isLargest(publishing.count) ? publishing : this.sizes.next();
  }

  private addTopic(name: string, positions: TopicPositions): TopicKeys {
    const topic = new TopicKeys(name, positions);
    this.topics.set(name, topic);
    this.bytes += topic.bytes;
    return topic;
  }

  private add(key: KnownKey): void {
    const { topic } = key;
    if (this.known.size === 0) {
      this.wheel.add(this, this.window);
    }
    this.known.set(key.name, key);
    if (topic.newest) {
      topic.newest.next = key;
    } else {
      topic.oldest = key;
    }
    topic.newest = key;
    if (this.newest) {
      this.newest.newer = key;
      key.older = this.newest;
    } else {
      this.oldest = key;
    }
    this.newest = key;
    this.sizes.move(topic, topic.count, ++topic.count);
    this.bytes += KEY_BYTES;
  }

  /** Forgets a key, which is the oldest of its topic. */
  private forget(key: KnownKey): void {
    const { topic, older, newer } = key;
    this.known.delete(key.name);
    topic.oldest = key.next;
    if (older) {
      older.newer = newer;
    } else {
      this.oldest = newer;
    }
    if (newer) {
      newer.older = older;
    } else {
      this.newest = older;
    }
    this.sizes.move(topic, topic.count, --topic.count);
    this.bytes -= KEY_BYTES;
    if (topic.count === 0) {
      this.topics.delete(topic.name);
      this.bytes -= topic.bytes;
    }
    if (this.known.size === 0) {
      this.wheel.remove(this);
    }
  }
}

/** The name of a key among those of all topics: of one length, and the topic's keeps `a`, `bc` apart from `ab`, `c`. */
export function keyName(topic: string, key: string): string {
  return digestOf(`${topic.length}:${topic}${key}`);
}
