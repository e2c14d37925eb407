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
  private state: 'new' | 'reading' | 'live' | 'over' = 'new';
  private topic: RedisTopic | undefined;
  private waiting: { resolve(result: Result): void; reject(error: unknown): void }[] = [];
  /** What was read and is not given yet; after it comes what was published. */
  private readonly page = new Fifo<Ready>();
  private readonly live = new Fifo<Ready>();
  /** Which places are reached: by the reader, with the page, with everything. */
  private given: RedisPosition | undefined;
  private pageEnd: RedisPosition | undefined;
  private end: RedisPosition | undefined;
  private isReading = false;
  /** What was published while a page is on its way; `undefined` when that was too much. */
  private meanwhile: RedisEntry[] | undefined;
  private isSaidToBeStale = false;
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
      this.waiting.push({ resolve, reject });
      this.goOn();
    });
  }

  return(): Promise<Result> {
    this.finish();
    return Promise.resolve(DONE);
  }

  receive(entry: RedisEntry): void {
    if (this.state === 'live') {
      this.takeLive(entry);
      this.goOn();
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
    for (const { resolve } of this.waiting.splice(0)) {
      resolve(DONE);
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
    for (const { reject } of this.waiting.splice(0)) {
      reject(error);
    }
  }

  private take(): Delivery | undefined {
    const ready = this.page.shift() ?? this.live.shift();
    this.given = ready?.at ?? this.given;
    return ready?.delivery;
  }

  /** Does what there is to do for a reader that waits. */
  private goOn(): void {
    this.give();
    const isAway = this.end !== undefined && !this.host.isUp();
    if (this.waiting.length > 0 && this.state === 'reading' && !this.isReading && !isAway) {
      void this.read();
    }
  }

  private give(): void {
    while (this.waiting.length > 0) {
      const delivery = this.take() ?? this.word();
      if (!delivery) {
        return;
      }
      this.waiting.shift()!.resolve({ done: false, value: delivery });
    }
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
      this.page.push({ delivery: { kind: 'start', position: from.text }, at: from });
    }
    if (isInvalid || verdict !== 'known') {
      const reason = isInvalid ? 'invalid' : verdict === 'trimmed' ? this.lapse : 'reset';
      this.page.push(gap(reason, before, from));
    }
    this.lapse = 'overflow';
    this.end = from;
    for (const entry of entries) {
      this.page.push(this.reach(entry));
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
    } else if (this.waiting.length > 0 && this.page.length === 0 && this.live.length === 0) {
      const { delivery } = this.reach(entry);
      this.given = entry.at;
      this.waiting.shift()!.resolve({ done: false, value: delivery });
    } else if (this.live.length < this.options.maxBuffered || this.waiting.length > 0) {
      this.live.push(this.reach(entry));
    } else {
      // Too slow: what waits here is forgotten, and read from the history again as far as that has it.
      this.live.clear();
      this.end = this.page.length > 0 ? this.pageEnd : this.given;
      this.state = 'reading';
    }
  }

  private reach({ at, payload }: RedisEntry): Ready {
    const from = this.end!.text;
    this.end = at;
    return payload === undefined
      ? gap('reset', from, at)
      : { delivery: { kind: 'event', position: at.text, payload }, at };
  }
}

function gap(reason: GapReason, from: string | undefined, at: RedisPosition): Ready {
  const known = from !== undefined && POSITION.test(from) && { from };
  return { delivery: { kind: 'gap', reason, ...known, position: at.text }, at };
}
