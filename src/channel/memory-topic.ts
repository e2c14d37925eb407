import type { WheelEntry } from '../stream/timer-wheel';
import type { HistoryBounds } from './backplane';
import { Fifo } from './fifo';
import type { TopicPositions } from './memory-position';

/**
 * One event of a topic.
 *
 * A class and no literal: literals of which many outlive a collection V8 makes in its old space from then on, and what
 * they refer to stays until that space is collected. Of 500 MB published up to 100 MB did, and now less than 1 MB does.
 */
export class MemoryEntry {
  readonly bytes: number;
  /** `performance.now()` of its publication. */
  readonly at = performance.now();

  constructor(
    readonly n: number,
    readonly payload: string,
  ) {
    this.bytes = Buffer.byteLength(payload);
  }
}

/** Who reads a topic. */
export interface MemoryReader {
  /** Takes an event that is published now. */
  receive(entry: MemoryEntry): void;
  finish(): void;
}

/** What a topic needs of its backplane. */
export interface MemoryTopicHost {
  /** Number of the newest event of all topics. */
  readonly last: number;
  /** Counts what is retained more, or less. */
  account(events: number, bytes: number): void;
  /** Lets the topic go where nothing needs it any more. */
  tidy(topic: MemoryTopic): void;
}

/** The retained events of one topic, and who reads them. */
export class MemoryTopic implements WheelEntry {
  readonly subscriptions = new Set<MemoryReader>();
  /** Bytes of payload that are retained. */
  bytes = 0;
  /** Number of the newest event that there may have been. */
  last: number;
  private readonly entries = new Fifo<MemoryEntry>();
  private history: HistoryBounds | undefined;
  private dropped = 0;

  /** @param floor the number up to which events of this topic may have been forgotten. */
  constructor(
    readonly name: string,
    readonly positions: TopicPositions,
    public floor: number,
    readonly host: MemoryTopicHost,
  ) {
    this.last = floor;
  }

  /** How many events are retained. */
  get size(): number {
    return this.entries.length;
  }

  /** Ordinal, in this object's life, of the oldest event that is retained. */
  get first(): number {
    return this.dropped;
  }

  /** Ordinal of the next event. */
  get end(): number {
    return this.dropped + this.size;
  }

  /** The event with this ordinal, which is retained. */
  entry(ordinal: number): MemoryEntry {
    return this.entries.at(ordinal - this.dropped)!;
  }

  /** Ordinal of the first retained event after the number `n`. */
  ordinalAfter(n: number): number {
    let low = this.first;
    let high = this.end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entry(middle).n > n) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  append(entry: MemoryEntry, history: HistoryBounds): void {
    this.history = history;
    this.entries.push(entry);
    this.bytes += entry.bytes;
    this.host.account(1, entry.bytes);
    this.last = entry.n;
    for (const subscription of this.subscriptions) {
      subscription.receive(entry);
    }
    while (this.size > history.maxEvents || this.bytes > history.maxBytes) {
      this.dropOldest();
    }
  }

  /** Drops what is too old. @returns milliseconds until the next event is, or `undefined` when none is left. */
  expire(now: number): number | undefined {
    while (this.size > 0) {
      const left = this.history!.maxAge - (now - this.entry(this.first).at);
      if (left > 0) {
        return left;
      }
      this.dropOldest();
    }
    return undefined;
  }

  onTick(now: number): number {
    const left = this.expire(now);
    this.host.tidy(this);
    return left ?? 0;
  }

  dropAll(): void {
    while (this.size > 0) {
      this.dropOldest();
    }
  }

  private dropOldest(): void {
    const oldest = this.entries.shift()!;
    this.floor = oldest.n;
    this.bytes -= oldest.bytes;
    this.dropped++;
    this.host.account(-1, -oldest.bytes);
  }
}
