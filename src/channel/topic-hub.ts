import { Logger } from '@nestjs/common';
import { errorKind, errorLine, errorText } from '../event/error-text';
import type { FrameSink, StreamState } from '../stream/frame-source';
import { RepeatedLog } from '../stream/repeated-log';
import type { Backplane, Delivery, HistoryBounds, Position } from './backplane';
import { SseClosedError } from './backplane.error';
import type { ChannelCounters } from './channel-counters';
import type { SseGap } from './channel-event';
import type { MalformedEntries } from './malformed-entries';
import { RecentEvents } from './recent-events';
import { TopicEvent, TurnEvents } from './topic-event';

const log = new RepeatedLog(new Logger('SseChannel'));

/** Most events that wait for a hub. It takes them in the turn in which they come, so this bounds one turn's burst. */
const MAX_BUFFERED = 100_000;

/** What a hub knows of its subscribers. */
export interface TopicSubscriber {
  /** Whether it is done with: it may end on any event that it gets. */
  readonly isOver: boolean;
  /** Where everything goes unchanged once it is attached: past the subscriber, which need not know of each event. */
  readonly sink: FrameSink | undefined;
  /** Takes events that came together. */
  receive(turn: TurnEvents): void;
  gap(gap: SseGap): void;
  /** Learns, while it joins, that the topic has come to this position. */
  onLive(position: Position): void;
  fail(error: unknown): void;
}

/** What a hub needs of its channel. */
export interface TopicHubHost {
  readonly backplane: Backplane;
  readonly history: HistoryBounds;
  readonly counters: ChannelCounters;
  readonly malformed: MalformedEntries;
  /** Nobody subscribes any more. */
  onIdle(hub: TopicHub): void;
}

/**
 * One topic in this process: one subscription to the backplane, however many subscribe here. Events of one turn go to all
 * subscribers together, in one piece.
 */
export class TopicHub {
  /** Where the newest event is that has come; `undefined` until the backplane has said where the topic stands. */
  position: Position | undefined;
  /** Whether the backplane's engine is there. */
  state: StreamState = 'live';

  private readonly abort = new AbortController();
  /** Those who get all that comes, unchanged: it goes past them, which saves a tenth of a delivery's time in user mode. */
  private readonly sinks = new Map<TopicSubscriber, FrameSink>();
  /** Those who take what comes themselves. */
  private readonly takers = new Set<TopicSubscriber>();
  /** Those who still read the history, or wait for the beginning. */
  private readonly joining = new Set<TopicSubscriber>();
  private readonly recent = new RecentEvents();
  private turn: TopicEvent[] = [];
  private isRunning = false;
  private begun: (() => void)[] = [];

  constructor(
    readonly topic: string,
    readonly host: TopicHubHost,
  ) {}

  /** How many subscribe. */
  get subscribers(): number {
    return this.sinks.size + this.takers.size + this.joining.size;
  }

  /** Lets a subscriber read the history by itself; it attaches when it is through. */
  join(subscriber: TopicSubscriber): void {
    this.detach(subscriber);
    this.joining.add(subscriber);
    if (this.position !== undefined) {
      this.recent.record(this.position);
    }
    if (!this.isRunning) {
      this.isRunning = true;
      void this.run();
    }
  }

  /** Settles when `position` is known, or the hub is over. */
  whenBegun(): Promise<void> {
    return new Promise((resolve) => this.begun.push(resolve));
  }

  /** Gives a subscriber everything from now on. */
  attach(subscriber: TopicSubscriber): void {
    // What has come in this turn is before the position from which this subscriber goes on.
    this.flush();
    if (!subscriber.isOver) {
      this.joining.delete(subscriber);
      if (subscriber.sink) {
        this.sinks.set(subscriber, subscriber.sink);
      } else {
        this.takers.add(subscriber);
      }
      this.forgetRecent();
    }
  }

  /** The events that have come since a position, if that is one that came lately. */
  eventsAfter(position: Position): readonly TopicEvent[] | undefined {
    // What is no event has a position too: a reader of the history may come over at it.
    return this.recent.after(position)?.filter(({ isWellFormed }) => isWellFormed);
  }

  /** An event that came from the backplane. What is none, is counted and reported. */
  eventOf(position: Position, payload: string): TopicEvent {
    const event = new TopicEvent(position, payload);
    if (!event.isWellFormed) {
      this.host.counters.dropped++;
      this.host.malformed.report(this.topic, position);
    }
    return event;
  }

  /** Forgets a subscriber. The last one ends the hub. */
  leave(subscriber: TopicSubscriber): void {
    this.detach(subscriber);
    this.joining.delete(subscriber);
    this.forgetRecent();
    if (this.subscribers === 0) {
      this.end();
    }
  }

  private async run(): Promise<void> {
    const { backplane } = this.host;
    try {
      const { signal } = this.abort;
      for await (const delivery of backplane.subscribe(this.topic, { signal, maxBuffered: MAX_BUFFERED })) {
        this.take(delivery);
      }
      if (!signal.aborted) {
        throw new SseClosedError();
      }
    } catch (error) {
      this.flush();
      for (const subscriber of [...this.joining, ...this.attached]) {
        this.expel(subscriber, error);
      }
      this.end();
    }
  }

  private take(delivery: Delivery): void {
    switch (delivery.kind) {
      case 'start':
        this.restart(delivery.position);
        this.announce();
        break;
      case 'event':
        this.takeEvent(delivery.position, delivery.payload);
        break;
      case 'gap':
        this.flush();
        this.restart(delivery.position);
        for (const subscriber of this.attached) {
          try {
            subscriber.gap(delivery);
          } catch (error) {
            this.expel(subscriber, error);
          }
        }
        break;
      case 'status':
        this.state = delivery.state;
        break;
    }
  }

  /** What came before this position is not followed by what comes. */
  private restart(position: Position): void {
    this.position = position;
    this.recent.clear();
    if (this.joining.size > 0) {
      this.recent.record(position);
    }
  }

  private takeEvent(position: Position, payload: string): void {
    this.position = position;
    const event = this.eventOf(position, payload);
    if (event.isWellFormed) {
      if (this.turn.length === 0) {
        // After this turn's promises: everything that came with it leaves together.
        process.nextTick(flushHub, this);
      }
      this.turn.push(event);
    }
    if (this.joining.size > 0) {
      this.recent.add(event);
      for (const subscriber of this.joining) {
        try {
          subscriber.onLive(position);
        } catch (error) {
          this.expel(subscriber, error);
        }
      }
    }
  }

  /** @internal */
  flush(): void {
    if (this.turn.length === 0) {
      return;
    }
    const turn = new TurnEvents(this.turn);
    this.turn = [];
    if (this.sinks.size > 0) {
      const { frames } = turn;
      const { counters } = this.host;
      counters.delivered += frames.events * this.sinks.size;
      counters.bytes += frames.bytes.length * this.sinks.size;
      for (const sink of this.sinks.values()) {
        try {
          sink.writeShared(frames);
        } catch (error) {
          this.expel([...this.sinks].find(([, one]) => one === sink)?.[0], error);
        }
      }
    }
    // A filter may subscribe: what it attaches has this turn behind it.
    const takers = [...this.takers];
    for (const subscriber of takers) {
      try {
        subscriber.receive(turn);
      } catch (error) {
        this.expel(subscriber, error);
      }
    }
  }

  /** Ends the subscriber that has thrown. All others get what they would have got. */
  private expel(subscriber: TopicSubscriber | undefined, error: unknown): void {
    if (!subscriber) {
      return;
    }
    try {
      subscriber.fail(error);
    } catch (cause) {
      log.say(
        { level: 'error', place: 'channels', what: 'a subscriber could not be ended', kind: errorKind(cause) },
        () => ({
          stack: errorText(cause),
          about: errorLine(cause),
        }),
      );
      this.leave(subscriber);
    }
  }

  /** Those who get what comes. */
  private get attached(): TopicSubscriber[] {
    return [...this.sinks.keys(), ...this.takers];
  }

  private detach(subscriber: TopicSubscriber): void {
    this.sinks.delete(subscriber);
    this.takers.delete(subscriber);
  }

  /** Only those who join need to know what came lately. */
  private forgetRecent(): void {
    if (this.joining.size === 0) {
      this.recent.clear();
    }
  }

  private end(): void {
    this.abort.abort();
    this.host.onIdle(this);
    this.announce();
  }

  /** Whoever waits for the beginning looks again. */
  private announce(): void {
    for (const resolve of this.begun.splice(0)) {
      resolve();
    }
  }
}

function flushHub(hub: TopicHub): void {
  hub.flush();
}
