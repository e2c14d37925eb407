import type { BackplaneSubscribeOptions, Delivery, GapReason, Position } from '../channel/backplane';
import { Fifo } from '../channel/fifo';
import { POSITION } from '../channel/memory-position';
import { positionOf, readPosition, tagOf, type Place } from './postgres-position';
import type { Reading, ReadRequest, TopicListener, TopicReader } from './topic-reader';

type Result = IteratorResult<Delivery, undefined>;
const DONE: Result = { done: true, value: undefined };
/** Most events that are read at once. */
const MAX_PAGE = 256;

interface Waiting {
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * One reader of a topic: a place in the table. Nothing is held for it but the page that it is reading; it asks for the next one
 * when it has read that, and when it has come to the end it waits for a notification.
 */
export class PostgresSubscription implements AsyncIterableIterator<Delivery, undefined>, TopicListener {
  readonly tag: string;
  /** How far it has read; `undefined` before it has begun. */
  place: Place | undefined;
  private readonly page = new Fifo<Delivery>();
  private waiting: Waiting[] = [];
  /** Whether it has come to the end on this connection: what comes then need not be retained. */
  private isLive = false;
  /** Whether there may be more than was read. */
  private hasMore = true;
  private isReading = false;
  private isStale = false;
  private saidStale = false;
  /** Whether the engine was away since it read last. */
  private wasAway = false;
  private isOver = false;
  private readonly stop = (): void => this.finish();

  constructor(
    readonly topic: string,
    private readonly options: BackplaneSubscribeOptions,
    private readonly reader: TopicReader,
    private readonly onEnd: () => void,
  ) {
    this.tag = tagOf(topic);
    if (options.signal.aborted) {
      this.isOver = true;
      return;
    }
    options.signal.addEventListener('abort', this.stop, { once: true });
    reader.add(this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.isOver) {
      return Promise.resolve(DONE);
    }
    const delivery = this.shift();
    if (delivery) {
      return Promise.resolve({ done: false, value: delivery });
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.readOn();
    });
  }

  return(): Promise<Result> {
    this.finish();
    return Promise.resolve(DONE);
  }

  /** Ends the subscription; whoever waits is told. */
  finish(): void {
    if (this.isOver) {
      return;
    }
    this.isOver = true;
    this.options.signal.removeEventListener('abort', this.stop);
    this.reader.remove(this);
    this.page.clear();
    for (const { resolve } of this.waiting.splice(0)) {
      resolve(DONE);
    }
    this.onEnd();
  }

  request(): ReadRequest {
    const { after, from, maxBuffered } = this.options;
    const size = Math.min(Math.max(Math.trunc(maxBuffered), 1), MAX_PAGE);
    this.hasMore = false;
    if (this.place) {
      return { mode: 'after', place: this.place, pending: this.isLive ? maxBuffered : -1, size };
    }
    const place = after === undefined ? undefined : readPosition(this.tag, after);
    const mode = place ? 'after' : after === undefined && from === 'oldest' ? 'oldest' : 'tip';
    return { mode, place, pending: -1, size };
  }

  take({ verdict, base, tip, events }: Reading): void {
    this.isReading = false;
    if (this.isOver) {
      return;
    }
    this.sayWhere(verdict, base);
    this.wasAway = false;
    for (const { place, payload } of events) {
      this.page.push({ kind: 'event', position: positionOf(this.tag, place), payload });
    }
    this.place = events.at(-1)?.place ?? base;
    const isAtTip = Number(this.place.n) >= tip;
    this.isLive = isAtTip || (this.isLive && verdict === 'ok');
    this.hasMore ||= !isAtTip && events.length > 0;
    this.serve();
  }

  missed(error: unknown): void {
    this.isReading = false;
    this.hasMore = true;
    if (this.place || this.isOver) {
      // It goes on when the engine is back.
      return;
    }
    this.waiting.shift()?.reject(error);
    this.finish();
  }

  notify(): void {
    this.hasMore = true;
    this.readOn();
  }

  onDown(): void {
    if (this.place) {
      this.isStale = true;
      this.isLive = false;
      this.wasAway = true;
      this.serve();
    }
  }

  onUp(): void {
    this.isStale = false;
    this.hasMore = true;
    this.serve();
  }

  /** Says where it begins, and whether events are missing before what comes. */
  private sayWhere(verdict: Reading['verdict'], base: Place): void {
    const { after } = this.options;
    const position = positionOf(this.tag, base);
    if (this.place) {
      if (verdict !== 'ok') {
        const reason = verdict === 'trimmed' && !this.wasAway ? 'overflow' : verdict;
        this.gap(reason, positionOf(this.tag, this.place), position);
      }
      return;
    }
    this.page.push({ kind: 'start', position });
    if (after !== undefined) {
      const reason = readPosition(this.tag, after) ? verdict : 'invalid';
      if (reason !== 'ok') {
        this.gap(reason, POSITION.test(after) ? after : undefined, position);
      }
    }
  }

  private gap(reason: GapReason, from: Position | undefined, position: Position): void {
    this.page.push({ kind: 'gap', reason, ...(from !== undefined && { from }), position });
  }

  private shift(): Delivery | undefined {
    if (this.place && this.isStale !== this.saidStale) {
      this.saidStale = this.isStale;
      return { kind: 'status', state: this.isStale ? 'stale' : 'live' };
    }
    return this.page.shift();
  }

  private serve(): void {
    while (this.waiting.length > 0) {
      const delivery = this.shift();
      if (!delivery) {
        this.readOn();
        return;
      }
      this.waiting.shift()!.resolve({ done: false, value: delivery });
    }
  }

  /** Reads, where somebody waits for it and there is something to read. */
  private readOn(): void {
    if (this.waiting.length > 0 && this.hasMore && !this.isReading && !this.isStale && !this.isOver) {
      this.isReading = true;
      this.reader.read(this);
    }
  }
}
