import type { BackplaneSubscribeOptions, Delivery, GapReason } from './backplane';
import { Fifo } from './fifo';
import { POSITION } from './memory-position';
import type { MemoryEntry, MemoryReader, MemoryTopic } from './memory-topic';

type Result = IteratorResult<Delivery, undefined>;
const DONE: Result = { done: true, value: undefined };

/** One reader of a topic: first the history from its position, then what is published. */
export class MemorySubscription implements AsyncIterableIterator<Delivery, undefined>, MemoryReader {
  /** What is to be said before the next event. */
  private readonly words: Delivery[] = [];
  private readonly live = new Fifo<MemoryEntry>();
  /** Whether the history is read to its end, and events come from `live`: what is published now need not be retained. */
  private isLive: boolean;
  /** Ordinal of the next event. */
  private ordinal: number;
  private waiting: ((result: Result) => void)[] = [];
  private isOver = false;
  private readonly stop = (): void => this.finish();

  constructor(
    private readonly topic: MemoryTopic,
    private readonly options: BackplaneSubscribeOptions,
  ) {
    this.ordinal = this.begin(options);
    this.isLive = this.ordinal === topic.end;
    topic.subscriptions.add(this);
    if (options.signal.aborted) {
      this.finish();
    } else {
      options.signal.addEventListener('abort', this.stop, { once: true });
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.isOver) {
      return Promise.resolve(DONE);
    }
    const delivery = this.words.shift() ?? (this.isLive ? this.takeLive() : this.takeRetained());
    return delivery
      ? Promise.resolve({ done: false, value: delivery })
      : new Promise((resolve) => this.waiting.push(resolve));
  }

  return(): Promise<Result> {
    this.finish();
    return Promise.resolve(DONE);
  }

  receive(entry: MemoryEntry): void {
    if (!this.isLive) {
      return;
    }
    const resolve = this.waiting.shift();
    if (resolve) {
      resolve({ done: false, value: this.deliver(entry) });
    } else if (this.live.length < this.options.maxBuffered) {
      this.live.push(entry);
    } else {
      // Too slow: what waits here is forgotten, and read from the history again as far as that has it.
      this.live.clear();
      this.isLive = false;
    }
  }

  /** Ends the subscription; whoever waits is told. */
  finish(): void {
    if (this.isOver) {
      return;
    }
    this.isOver = true;
    this.live.clear();
    this.options.signal.removeEventListener('abort', this.stop);
    for (const resolve of this.waiting.splice(0)) {
      resolve(DONE);
    }
    this.topic.subscriptions.delete(this);
    this.topic.host.tidy(this.topic);
  }

  /** @returns the ordinal of the event to begin with. */
  private begin({ after, from }: BackplaneSubscribeOptions): number {
    const { topic } = this;
    topic.expire(performance.now());
    const tip = topic.positions.at(topic.last);
    const oldest = topic.positions.at(topic.floor);
    if (after === undefined) {
      this.words.push({ kind: 'start', position: from === 'oldest' ? oldest : tip });
      return from === 'oldest' ? topic.first : topic.end;
    }
    const read = topic.positions.read(after, topic.host.last);
    if (typeof read === 'number' && read >= topic.floor) {
      this.words.push({ kind: 'start', position: after });
      return topic.ordinalAfter(read);
    }
    const reason: GapReason = typeof read === 'number' ? 'trimmed' : read;
    // What is no position of this topic says nothing about what its client has seen: that begins as a new one does.
    const position = reason === 'invalid' ? tip : oldest;
    this.words.push({ kind: 'start', position });
    this.words.push({ kind: 'gap', reason, ...(POSITION.test(after) && { from: after }), position });
    return reason === 'invalid' ? topic.end : topic.first;
  }

  private takeRetained(): Delivery | undefined {
    const { topic } = this;
    topic.expire(performance.now());
    if (this.ordinal < topic.first) {
      this.ordinal = topic.first;
      return { kind: 'gap', reason: 'overflow', position: topic.positions.at(topic.floor) };
    }
    const delivery = this.ordinal < topic.end ? this.deliver(topic.entry(this.ordinal)) : undefined;
    this.isLive = this.ordinal === topic.end;
    return delivery;
  }

  private takeLive(): Delivery | undefined {
    const entry = this.live.shift();
    return entry && this.deliver(entry);
  }

  private deliver({ n, payload }: MemoryEntry): Delivery {
    this.ordinal++;
    return { kind: 'event', position: this.topic.positions.at(n), payload };
  }
}
