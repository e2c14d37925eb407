import type { EncodedEvent } from '../event/encoded-event';
import { Demand } from '../stream/demand';
import type { FrameConnection, StreamState } from '../stream/frame-source';
import type { WheelEntry } from '../stream/timer-wheel';
import { SseClosedError } from './backplane.error';
import { startWord, type ChannelWord } from './channel-event';
import { Fifo } from './fifo';
import { Subscriber, type Outlet, type SubscriptionHost, type SubscriptionOptions } from './subscriber';
import type { TopicEvent } from './topic-event';

type Result = IteratorResult<EncodedEvent, undefined>;
const DONE: Result = { done: true, value: undefined };

/** Events, and characters of their frames, from which on the history is not read further. */
const HISTORY_AHEAD = 64;
const HISTORY_AHEAD_LENGTH = 262_144;
/** Most live events, and characters of their frames, that wait for the reader. */
const MAX_WAITING = 1_024;
const MAX_WAITING_LENGTH = 1_048_576;
/** Milliseconds of silence after which a reader without a signal gets its position again. */
const SILENCE = 15_000;

/** A subscription that is read event by event. */
export class SubscriptionIterator
  implements AsyncIterableIterator<EncodedEvent, undefined>, Outlet, WheelEntry, FrameConnection
{
  readonly demand = new Demand();
  private readonly queue = new Fifo<TopicEvent | ChannelWord>();
  private queuedLength = 0;
  private isHolding = false;
  private readers: { resolve: (result: Result) => void; reject: (error: unknown) => void }[] = [];
  private readonly stop = (): void => this.disconnect();
  private subscriber: Subscriber | undefined;
  private phase: 'new' | 'open' | 'over' = 'new';
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly host: SubscriptionHost,
    private readonly options: SubscriptionOptions,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.phase === 'new') {
      this.start();
    }
    const next = this.queue.shift();
    if (next) {
      this.settle(next);
      return Promise.resolve({ done: false, value: eventOf(next) });
    }
    if (this.failure) {
      const { error } = this.failure;
      this.failure = undefined;
      return Promise.reject(error as Error);
    }
    if (this.phase === 'over') {
      return Promise.resolve(DONE);
    }
    return new Promise((resolve, reject) => this.readers.push({ resolve, reject }));
  }

  return(): Promise<Result> {
    this.disconnect();
    return Promise.resolve(DONE);
  }

  get state(): StreamState {
    return this.subscriber?.state ?? 'live';
  }

  get isFull(): boolean {
    return this.queue.length >= MAX_WAITING || this.queuedLength >= MAX_WAITING_LENGTH;
  }

  event(event: TopicEvent): void {
    this.give(event);
  }

  word(word: ChannelWord): void {
    this.give(word);
  }

  fail(error: unknown): void {
    if (error instanceof SseClosedError) {
      // With the application everything ends; that is no failure of the loop.
      this.close();
      return;
    }
    const reader = this.readers.shift();
    if (reader) {
      reader.reject(error);
    } else {
      this.failure = { error };
    }
    this.close();
  }

  onTick(): number {
    // A generator that waits here cannot be returned: only an event gives it the chance.
    const position = this.subscriber?.position;
    if (this.readers.length > 0 && position !== undefined) {
      this.word(startWord(position));
    }
    return SILENCE;
  }

  private start(): void {
    const { host, options } = this;
    const { signal } = options;
    if (signal?.aborted) {
      this.phase = 'over';
      return;
    }
    this.phase = 'open';
    if (signal) {
      signal.addEventListener('abort', this.stop, { once: true });
    } else {
      host.wheel.add(this, SILENCE);
    }
    this.subscriber = new Subscriber(host.hub(), this, options, host.wheel);
    this.subscriber.start();
  }

  private give(next: TopicEvent | ChannelWord): void {
    const reader = this.readers.shift();
    if (reader) {
      reader.resolve({ done: false, value: eventOf(next) });
      if (!this.options.signal) {
        this.host.wheel.add(this, SILENCE);
      }
      return;
    }
    this.queue.push(next);
    this.queuedLength += next.frame.length;
    const isAhead = this.queue.length >= HISTORY_AHEAD || this.queuedLength >= HISTORY_AHEAD_LENGTH;
    if (isAhead && !this.isHolding) {
      this.isHolding = true;
      this.demand.hold();
    }
  }

  private settle(taken: TopicEvent | ChannelWord): void {
    this.queuedLength -= taken.frame.length;
    if (this.isHolding && this.queue.length === 0) {
      this.isHolding = false;
      this.demand.release();
    }
  }

  /** Ends at the reader's wish: what waits is not given any more. */
  disconnect(): void {
    this.queue.clear();
    this.failure = undefined;
    this.close();
  }

  private close(): void {
    this.phase = 'over';
    this.options.signal?.removeEventListener('abort', this.stop);
    this.host.wheel.remove(this);
    this.subscriber?.disconnect();
    this.demand.wake();
    for (const { resolve } of this.readers.splice(0)) {
      resolve(DONE);
    }
  }
}

function eventOf(next: TopicEvent | ChannelWord): EncodedEvent {
  return 'published' in next ? next.published : next.event;
}
