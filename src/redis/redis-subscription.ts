import type { BackplaneSubscribeOptions, Delivery, GapReason } from '../channel/backplane';
import { SseOutcomeUnknownError, type SseUnavailableError } from '../channel/backplane.error';
import { Fifo } from '../channel/fifo';
import { isReply, unavailable } from './redis-error';
import { isBefore, POSITION, readPosition, type RedisPosition } from './redis-position';
import type { RedisEntry, RedisPage, RedisReader, RedisTopic } from './redis-topic';

type Result = IteratorResult<Delivery, undefined>;
const DONE: Result = { done: true, value: undefined };

/** A delivery, and the place that is reached with it. */
interface Ready {
  readonly delivery: Delivery;
  readonly at: RedisPosition;
}

/** A call of `next()`. A class, for V8 puts literals of which many outlive a collection where only a full one frees them. */
class Waiter {
  constructor(
    readonly resolve: (result: Result) => void,
    readonly reject: (error: unknown) => void,
  ) {}
}

/** Where a subscription gets its topic from. */
export interface RedisSubscriptionHost {
  /** @throws SseUnavailableError while Redis is away. */
  join(reader: RedisReader): RedisTopic;
  leave(topic: RedisTopic, reader: RedisReader): void;
  isUp(): boolean;
  isClosed(): boolean;
}

/**
 * One reader of a topic: pages of the history from its position, then what is published. A reader that does not keep up, and
 * one that an outage has interrupted, reads pages again.
 */
export class RedisSubscription implements AsyncIterableIterator<Delivery, undefined>, RedisReader {
  // What every event touches stands together: with many topics it is memory that takes time.
  private state: 'new' | 'reading' | 'live' | 'over' = 'new';
  private isSaidToBeStale = false;
  /** Whether neither the page nor what was published has anything to give. */
  private isDrained = true;
  /** Who waits for the next delivery, and those who wait after it: `for await` is never more than one. */
  private waiter: Waiter | undefined;
  private others: Fifo<Waiter> | undefined;
  /** Which places are reached: by the reader, with everything, with the page. */
  private given: RedisPosition | undefined;
  private end: RedisPosition | undefined;
  private pageEnd: RedisPosition | undefined;
  /** What was read and is not given yet; after it comes what was published. */
  private readonly page = new Fifo<Ready>();
  private readonly live = new Fifo<Ready>();
  private topic: RedisTopic | undefined;
  private isReading = false;
  /** What was published while a page is on its way; `undefined` when that was too much. */
  private meanwhile: RedisEntry[] | undefined;
  /** What it means that the history does not reach back. */
  private lapse: GapReason = 'trimmed';
  private readonly stop = (): void => this.finish();

  constructor(
    private readonly host: RedisSubscriptionHost,
    private readonly options: BackplaneSubscribeOptions,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.state === 'new') {
      this.begin();
    }
    const ready = this.take();
    if (ready) {
      return Promise.resolve({ done: false, value: ready });
    }
    if (this.state === 'over') {
      return Promise.resolve(DONE);
    }
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(resolve, reject);
      if (this.waiter) {
        this.others ??= new Fifo();
        this.others.push(waiter);
      } else {
        this.waiter = waiter;
      }
      // Where it goes on by itself there is nothing to do.
      if (this.state !== 'live' || this.isSaidToBeStale) {
        this.goOn();
      }
    });
  }

  return(): Promise<Result> {
    this.finish();
    return Promise.resolve(DONE);
  }

  receive(entry: RedisEntry): void {
    if (this.state === 'live') {
      if (!this.hand(entry)) {
        this.takeLive(entry);
        this.goOn();
      }
    } else if (this.meanwhile) {
      this.meanwhile.push(entry);
      if (this.meanwhile.length > this.options.maxBuffered) {
        this.meanwhile = undefined;
      }
    }
  }

  onUp(): void {
    this.goOn();
  }

  onDown(): void {
    this.lapse = 'trimmed';
    // A page that has come and is not taken yet is not followed by what is published now.
    this.meanwhile = undefined;
    if (this.state === 'live') {
      this.state = 'reading';
    }
    this.goOn();
  }

  finish(): void {
    this.close();
    for (let waiter = this.nextWaiter(); waiter; waiter = this.nextWaiter()) {
      waiter.resolve(DONE);
    }
  }

  private begin(): void {
    const { signal } = this.options;
    if (signal.aborted || this.host.isClosed()) {
      this.state = 'over';
    } else {
      this.state = 'reading';
      signal.addEventListener('abort', this.stop, { once: true });
    }
  }

  private close(): void {
    this.state = 'over';
    this.page.clear();
    this.live.clear();
    this.meanwhile = undefined;
    this.options.signal.removeEventListener('abort', this.stop);
    if (this.topic) {
      this.host.leave(this.topic, this);
    }
  }

  private fail(error: unknown): void {
    this.close();
    for (let waiter = this.nextWaiter(); waiter; waiter = this.nextWaiter()) {
      waiter.reject(error);
    }
  }

  private hold(where: Fifo<Ready>, ready: Ready): void {
    where.push(ready);
    this.isDrained = false;
  }

  private take(): Delivery | undefined {
    if (this.isDrained) {
      return undefined;
    }
    const ready = this.page.shift() ?? this.live.shift();
    this.isDrained = !ready;
    this.given = ready?.at ?? this.given;
    return ready?.delivery;
  }

  /** Does what there is to do for a reader that waits. */
  private goOn(): void {
    this.give();
    const isAway = this.end !== undefined && !this.host.isUp();
    if (this.waiter && this.state === 'reading' && !this.isReading && !isAway) {
      void this.read();
    }
  }

  private give(): void {
    while (this.waiter) {
      const delivery = this.take() ?? this.word();
      if (!delivery) {
        return;
      }
      this.nextWaiter()!.resolve({ done: false, value: delivery });
    }
  }

  private nextWaiter(): Waiter | undefined {
    const { waiter } = this;
    this.waiter = this.others?.shift();
    return waiter;
  }

  /** What a reader is told that has got everything. */
  private word(): Delivery | undefined {
    const isUp = this.host.isUp();
    if (this.end && !isUp && !this.isSaidToBeStale) {
      this.isSaidToBeStale = true;
      return { kind: 'status', state: 'stale' };
    }
    if (isUp && this.isSaidToBeStale && this.state === 'live') {
      this.isSaidToBeStale = false;
      return { kind: 'status', state: 'live' };
    }
    return undefined;
  }

  private async read(): Promise<void> {
    const { after, from = 'tip' } = this.options;
    this.isReading = true;
    try {
      this.topic ??= this.host.join(this);
      await this.topic.listening;
      this.meanwhile = [];
      const begin = after === undefined ? from : (readPosition(after) ?? 'tip');
      const page = await this.topic.read(this.end ?? begin);
      if (!this.isOver()) {
        this.takePage(page);
      }
    } catch (error) {
      this.meanwhile = undefined;
      this.takeFailure(error);
    }
    this.isReading = false;
    this.goOn();
  }

  private isOver(): boolean {
    return this.state === 'over';
  }

  private takeFailure(error: unknown): void {
    if (!this.end) {
      this.fail(error instanceof SseOutcomeUnknownError ? unavailable(error.cause) : error);
    } else if (isReply((error as SseUnavailableError).cause) && this.host.isUp()) {
      this.fail(error);
    }
    // Otherwise it is an outage, and there is another page after it.
  }

  private takePage({ verdict, from, entries, isLast }: RedisPage): void {
    const { after } = this.options;
    const isInvalid = !this.end && after !== undefined && !readPosition(after);
    const before = this.end?.text ?? after;
    if (!this.end) {
      this.hold(this.page, { delivery: { kind: 'start', position: from.text }, at: from });
    }
    if (isInvalid || verdict !== 'known') {
      const reason = isInvalid ? 'invalid' : verdict === 'trimmed' ? this.lapse : 'reset';
      this.hold(this.page, gap(reason, before, from));
    }
    this.lapse = 'overflow';
    this.end = from;
    for (const entry of entries) {
      this.hold(this.page, this.reach(entry));
    }
    this.pageEnd = this.end;
    const published = this.meanwhile;
    this.meanwhile = undefined;
    if (isLast && published) {
      this.state = 'live';
      for (const entry of published) {
        this.takeLive(entry);
      }
    }
  }

  /** Gives what was published to whoever waits for just that. @returns whether it was so. */
  private hand({ at, delivery }: RedisEntry): boolean {
    const end = this.end!;
    if (!this.waiter || !this.isDrained || !delivery || at.n !== end.n + 1 || at.life !== end.life) {
      return false;
    }
    this.end = at;
    this.given = at;
    this.nextWaiter()!.resolve({ done: false, value: delivery });
    return true;
  }

  private takeLive(entry: RedisEntry): void {
    const end = this.end!;
    const isOfLife = entry.at.life === end.life;
    if (this.state !== 'live' || (isOfLife && !isBefore(end, entry.at))) {
      return;
    }
    const isNext = entry.at.n === end.n + 1 && (isOfLife || end.n === 0);
    if (!isNext) {
      // Something is missing, or Redis has lost something: the history tells.
      this.state = 'reading';
    } else if (this.live.length < this.options.maxBuffered || this.waiter) {
      this.hold(this.live, this.reach(entry));
    } else {
      // Too slow: what waits here is forgotten, and read from the history again as far as that has it.
      this.live.clear();
      this.end = this.page.length > 0 ? this.pageEnd : this.given;
      this.state = 'reading';
    }
  }

  private reach({ at, delivery }: RedisEntry): Ready {
    const from = this.end!.text;
    this.end = at;
    return delivery ? { delivery, at } : gap('reset', from, at);
  }
}

function gap(reason: GapReason, from: string | undefined, at: RedisPosition): Ready {
  const known = from !== undefined && POSITION.test(from) && { from };
  return { delivery: { kind: 'gap', reason, ...known, position: at.text }, at };
}
