import { setTimeout as wait } from 'node:timers/promises';
import type { EncodedEvent } from '../event/encoded-event';
import { quoted } from '../event/printable';
import { refusePromise } from '../event/refuse-promise';
import { SseSourceError } from '../event/sse.error';
import type { Demand } from '../stream/demand';
import type { FrameConnection, FrameSink, StreamState } from '../stream/frame-source';
import { TimeSlice } from '../stream/time-slice';
import type { TimerWheel, WheelEntry } from '../stream/timer-wheel';
import type { Delivery, Position, SubscribeFrom } from './backplane';
import { backoff } from './backoff';
import { SseClosedError, SseUnavailableError } from './backplane.error';
import { gapWord, startWord, type ChannelWord, type SseGap } from './channel-event';
import { TurnEvents, type TopicEvent } from './topic-event';
import type { TopicHub, TopicSubscriber } from './topic-hub';

/** Most live events that wait in the backplane for a subscriber that still reads the history. */
const MAX_BUFFERED = 1_024;
/** Most events that a filter leaves out before its client is told where it is. */
const MAX_LEFT_OUT = 64;
/** Most milliseconds until a client is told where it is, when its filter has left out any. */
const POSITION_INTERVAL = 5_000;

/** Where a subscriber's events go. */
export interface Outlet {
  /** Shut while the history is not to be read on. */
  readonly demand: Pick<Demand, 'isOpen' | 'whenOpen'>;
  /** Whether live events are more than it can hold: the subscriber reads them from the history later. */
  readonly isFull: boolean;
  /** Where the events of a turn may go in one piece, past this outlet. */
  readonly sink?: FrameSink | undefined;
  event(event: TopicEvent): void;
  /** Takes the events of a turn in one piece, where it can. */
  turn?(turn: TurnEvents): void;
  word(word: ChannelWord): void;
  fail(error: unknown): void;
}

/** Whether a subscriber gets an event. */
export type EventFilter = (event: EncodedEvent<unknown, 'event'>) => boolean;

/** What a subscriber asks for. */
export interface SubscriberOptions {
  readonly after: string | undefined;
  readonly from: SubscribeFrom;
  readonly filter: EventFilter | undefined;
}

/** What a subscription asks for. */
export interface SubscriptionOptions extends SubscriberOptions {
  readonly signal: AbortSignal | undefined;
}

/** What a subscription needs of its channel. */
export interface SubscriptionHost {
  readonly wheel: TimerWheel;
  /** The topic's hub in this process, made where there is none. Whoever asks for it subscribes. */
  hub(): TopicHub;
}

/**
 * One subscription to a topic: the history after its client's position, read at its client's pace, then what comes, without
 * a hole or a double between them.
 */
export class Subscriber implements TopicSubscriber, WheelEntry, FrameConnection {
  /** How far it is; `undefined` until it has begun. */
  position: Position | undefined;
  isOver = false;
  private leftOut = 0;
  private leftOutLength = 0;
  /** The reading of the history, while it goes on. */
  private reading: AbortController | undefined;
  /** Whether the history has nothing more just now, and all before was passed on. */
  private isWaiting = false;
  /** Whether the backplane's engine is there, as the reading of the history knows it. */
  private readingState: StreamState = 'live';

  constructor(
    private readonly hub: TopicHub,
    private readonly outlet: Outlet,
    private readonly options: SubscriberOptions,
    private readonly wheel: TimerWheel,
  ) {}

  get sink(): FrameSink | undefined {
    return this.options.filter ? undefined : this.outlet.sink;
  }

  get state(): StreamState {
    return this.hub.state === 'stale' ? 'stale' : this.readingState;
  }

  /** Begins. Where the topic stands already, its first event is given before this returns. */
  start(): void {
    this.hub.join(this);
    void this.begin();
  }

  /** Takes events that came together: in one piece where the outlet can, those that the filter leaves. */
  receive(turn: TurnEvents): void {
    const { outlet, options } = this;
    if (!outlet.turn) {
      for (const event of turn.events) {
        if (outlet.isFull) {
          this.fallBack();
          return;
        }
        this.offer(event);
      }
      return;
    }
    const passing = options.filter ? this.passing(turn) : turn;
    if (this.isOver) {
      return;
    }
    if (passing.events.length > 0) {
      this.reached(passing.last, passing.events.length, passing.frames.bytes.length);
      outlet.turn(passing);
    }
    if (passing !== turn) {
      this.leaveOut(turn.events.slice(turn.events.lastIndexOf(passing.events.at(-1)!) + 1));
    }
  }

  /** Tells of a gap. */
  gap(gap: SseGap): void {
    this.hub.host.counters.gaps++;
    this.say(gapWord(gap), gap.position);
  }

  /** Takes one event, unless the filter leaves it out. */
  private offer(event: TopicEvent): void {
    const passes = this.passes(event);
    if (this.isOver) {
      return;
    }
    if (passes) {
      this.reached(event.position, 1, event.bytes);
      this.outlet.event(event);
    } else {
      this.leaveOut([event]);
    }
  }

  /** The topic has come to this position live. */
  onLive(position: Position): void {
    if (this.isWaiting && position === this.position && this.crossOver(position)) {
      this.reading?.abort();
    }
  }

  fail(error: unknown): void {
    if (!this.isOver) {
      this.disconnect();
      this.outlet.fail(error);
    }
  }

  onTick(): number {
    this.wheel.remove(this);
    this.sayWhere();
    return POSITION_INTERVAL;
  }

  private async begin(): Promise<void> {
    const { hub } = this;
    const { after, from } = this.options;
    try {
      if (hub.position === undefined && !this.isOver) {
        await hub.whenBegun();
      }
      if (this.isOver) {
        return;
      }
      if (after === undefined && from === 'tip') {
        this.say(startWord(hub.position!), hub.position!);
        hub.attach(this);
      } else {
        await this.readHistory(after);
      }
    } catch (error) {
      this.fail(error);
    }
  }

  /** @param isSlow whether it had the live events and could not keep up with them. */
  private async readHistory(after: string | undefined, isSlow = false): Promise<void> {
    const { hub } = this;
    await this.whenReady();
    if (this.isOver || (after !== undefined && this.crossOver(after))) {
      return;
    }
    if (hub.state === 'stale') {
      throw new SseUnavailableError(
        `The events of topic ${quoted(hub.topic)} after ${after === undefined ? 'the beginning' : `position ${quoted(after)}`} cannot be read: ` +
          'the backplane is temporarily unavailable. Retry',
      );
    }
    const reading = new AbortController();
    this.reading = reading;
    this.readingState = 'live';
    const slice = new TimeSlice();
    const deliveries = hub.host.backplane.subscribe(hub.topic, {
      ...(after === undefined ? { from: this.options.from } : { after }),
      signal: reading.signal,
      maxBuffered: MAX_BUFFERED,
    });
    for await (const delivery of deliveries) {
      if (reading.signal.aborted) {
        // It went over to the live events while this one was on its way: it comes from there.
        return;
      }
      this.isWaiting = false;
      this.take(delivery, after === undefined, isSlow);
      await this.whenReady();
      if (slice.isOver()) {
        await slice.next();
      }
      if (this.isOver) {
        return;
      }
      // After `start` comes the gap, where there is one.
      this.isWaiting = delivery.kind !== 'start' || after === undefined;
      if (this.isWaiting && this.crossOver(this.position!)) {
        return;
      }
    }
    if (!reading.signal.aborted) {
      throw new SseClosedError();
    }
  }

  /** Goes over to the live events, if the topic was at this position lately. */
  private crossOver(position: Position): boolean {
    const missed = this.hub.eventsAfter(position);
    if (!missed) {
      return false;
    }
    this.position = position;
    this.isWaiting = false;
    this.readingState = 'live';
    this.hub.attach(this);
    if (missed.length > 0) {
      this.receive(new TurnEvents(missed));
    }
    return true;
  }

  private take(delivery: Delivery, isNew: boolean, isSlow: boolean): void {
    switch (delivery.kind) {
      case 'start':
        if (isSlow) {
          // It is where it was until a gap is told: the next attempt, where this one fails before that, begins there.
          break;
        }
        this.position = delivery.position;
        if (isNew) {
          this.say(startWord(delivery.position), delivery.position);
        }
        break;
      case 'event':
        this.offer(this.hub.eventOf(delivery.position, delivery.payload));
        break;
      case 'gap': {
        const { from, position } = delivery;
        const reason = isSlow && delivery.reason === 'trimmed' ? 'overflow' : delivery.reason;
        this.gap({ reason, from, position });
        break;
      }
      case 'status':
        this.readingState = delivery.state;
        break;
    }
  }

  /** Gives the live events up, to read them from the history when there is room. */
  private fallBack(): void {
    this.hub.join(this);
    this.catchUp().catch((error: unknown) => this.fail(error));
  }

  /** Reads what it gave up, as soon as the engine is there: for one that has begun an outage is no end. */
  private async catchUp(): Promise<void> {
    for (let attempt = 0; !this.isOver; attempt++) {
      try {
        await this.readHistory(this.position!, true);
        return;
      } catch (error) {
        if (!(error instanceof SseUnavailableError)) {
          throw error;
        }
      }
      this.isWaiting = false;
      this.reading = new AbortController();
      await wait(backoff(attempt), undefined, { ref: false, signal: this.reading.signal });
    }
  }

  private async whenReady(): Promise<void> {
    while (!this.isOver && !this.outlet.demand.isOpen) {
      await this.outlet.demand.whenOpen();
    }
  }

  /** What the filter leaves of a turn: where that is everything, its bytes are those that others get. */
  private passing(turn: TurnEvents): TurnEvents {
    const events = turn.events.filter((event) => this.passes(event));
    return events.length === turn.events.length ? turn : new TurnEvents(events);
  }

  private passes(event: TopicEvent): boolean {
    const { filter } = this.options;
    try {
      if (this.isOver || !event.isWellFormed) {
        return false;
      }
      return filter === undefined || checkedAnswer(filter(event.published));
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  private reached(position: Position, events: number, bytes: number): void {
    const { counters } = this.hub.host;
    counters.delivered += events;
    counters.bytes += bytes;
    this.position = position;
    this.leftOut = 0;
    this.leftOutLength = 0;
  }

  /** Events that its client does not get are behind it all the same: from time to time it is told so. */
  private leaveOut(events: readonly TopicEvent[]): void {
    if (events.length === 0) {
      return;
    }
    const { history } = this.hub.host;
    this.position = events.at(-1)!.position;
    this.leftOut += events.length;
    this.leftOutLength += events.reduce((length, { payload }) => length + payload.length, 0);
    // Not so late that the history could have lost the position that the client has.
    if (this.leftOut >= Math.min(MAX_LEFT_OUT, history.maxEvents / 2) || this.leftOutLength >= history.maxBytes / 2) {
      this.sayWhere();
    } else if (this.leftOut === events.length) {
      this.wheel.add(this, Math.min(POSITION_INTERVAL, history.maxAge / 2));
    }
  }

  private sayWhere(): void {
    if (this.leftOut > 0 && !this.isOver) {
      this.say(startWord(this.position!), this.position!);
    }
  }

  private say(word: ChannelWord, position: Position): void {
    this.leftOut = 0;
    this.leftOutLength = 0;
    this.position = position;
    this.outlet.word(word);
  }

  /** Ends it: nothing more is read or given. */
  disconnect(): void {
    if (this.isOver) {
      return;
    }
    this.isOver = true;
    this.reading?.abort();
    this.wheel.remove(this);
    this.hub.leave(this);
  }
}

/** What decides who gets an event must say yes or no: a promise would be a yes, whatever it comes to. */
function checkedAnswer(passes: unknown): boolean {
  if (typeof passes === 'boolean') {
    return passes;
  }
  refusePromise(passes, 'A filter');
  throw new SseSourceError(`A filter must return true or false, not ${passes === null ? 'null' : typeof passes}`);
}
