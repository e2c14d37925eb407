import assert from 'node:assert/strict';
import type { Backplane, BackplaneSubscribeOptions, Delivery, Position } from '../../channel/backplane';
import { within } from './within';

/** What every position must look like. */
export const POSITION = /^[\w.~-]{1,96}$/;

export type EventDelivery = Extract<Delivery, { kind: 'event' }>;
export type GapDelivery = Extract<Delivery, { kind: 'gap' }>;

/** How a reader subscribes. */
export interface ReaderOptions extends Partial<Omit<BackplaneSubscribeOptions, 'signal'>> {
  /** Milliseconds that a delivery may take to come. */
  readonly limit: number;
}

/** One subscription, read step by step. Every step is bounded in time and says what it found instead of what it wanted. */
export class DeliveryReader {
  /** The states that the engine was said to be in. */
  readonly states: ('live' | 'stale')[] = [];
  /** Where this subscriber is: what a client would come back with. */
  position: Position | undefined;
  readonly abort = new AbortController();
  private readonly deliveries: AsyncIterator<Delivery>;
  private readonly limit: number;
  private pending: Promise<IteratorResult<Delivery>> | undefined;

  constructor(
    backplane: Backplane,
    readonly topic: string,
    { limit, maxBuffered = 1_000, ...options }: ReaderOptions,
  ) {
    this.limit = limit;
    const subscription = backplane.subscribe(topic, { ...options, maxBuffered, signal: this.abort.signal });
    this.deliveries = subscription[Symbol.asyncIterator]();
  }

  /** What comes next, but for words about the engine's state; `undefined` at the end. */
  async next(what = 'a delivery'): Promise<Delivery | undefined> {
    for (;;) {
      this.pending ??= this.deliveries.next();
      const { done, value } = await within(this.limit, `${what} in ${this.topic}`, this.pending);
      this.pending = undefined;
      if (done) {
        return undefined;
      }
      if (value.kind !== 'status') {
        this.position = value.position;
        assert.match(value.position, POSITION, 'a position has a form that every client can send back');
        return value;
      }
      this.states.push(value.state);
    }
  }

  /** Reads on without waiting for it: what comes is there for the next step. Words about the state are taken at once. */
  async watch(): Promise<void> {
    while (!this.pending) {
      const pending = this.deliveries.next();
      this.pending = pending;
      const { done, value } = await pending;
      if (done || value.kind !== 'status') {
        return;
      }
      this.states.push(value.state);
      this.pending = undefined;
    }
  }

  /** Reads `start`, which is always first. */
  async start(): Promise<Position> {
    const delivery = await this.next('start');
    assert.equal(delivery?.kind, 'start', `the first delivery is start, not ${show(delivery)}`);
    return delivery.position;
  }

  /** Reads a gap. */
  async gap(): Promise<GapDelivery> {
    const delivery = await this.next('a gap');
    assert.equal(delivery?.kind, 'gap', `a gap is told before anything else, not ${show(delivery)}`);
    return delivery;
  }

  /** Reads an event, and no gap before it. */
  async event(): Promise<EventDelivery> {
    const delivery = await this.next('an event');
    assert.equal(delivery?.kind, 'event', `an event comes next, not ${show(delivery)}`);
    return delivery;
  }

  /** Reads an event, or the gap in its place. */
  async eventOrGap(): Promise<EventDelivery | GapDelivery> {
    const delivery = await this.next('an event or a gap');
    if (delivery?.kind !== 'event' && delivery?.kind !== 'gap') {
      assert.fail(`an event or a gap comes next, not ${show(delivery)}`);
    }
    return delivery;
  }

  /** Reads events with these payloads, in this order, and nothing else between them. */
  async payloads(expected: readonly string[]): Promise<EventDelivery[]> {
    const events: EventDelivery[] = [];
    for (const [index, payload] of expected.entries()) {
      const event = await this.event();
      assert.equal(event.payload, payload, `event ${index + 1} of ${expected.length} in ${this.topic}`);
      events.push(event);
    }
    return events;
  }

  /** Reads up to the event with this payload. */
  async eventsUpTo(payload: string): Promise<EventDelivery[]> {
    const events: EventDelivery[] = [];
    for (;;) {
      const event = await this.event();
      events.push(event);
      if (event.payload === payload) {
        return events;
      }
    }
  }

  /** The end, and nothing before it. */
  async end(): Promise<void> {
    const delivery = await this.next('the end');
    assert.equal(delivery, undefined, `the subscription has ended, and gives no ${show(delivery)}`);
  }

  /** Ends the subscription as a client that goes away does. */
  leave(): void {
    this.abort.abort();
  }

  /** Ends the subscription as a loop that is left does. */
  async return(): Promise<void> {
    await within(this.limit, 'return() of a subscription', Promise.resolve(this.deliveries.return?.()));
  }
}

function show(delivery: Delivery | undefined): string {
  return delivery === undefined ? 'the end' : JSON.stringify(delivery).slice(0, 300);
}
