import { encodeOwnEvent } from '../event/encode';
import { EncodedEvent } from '../event/encoded-event';
import { GAP_EVENT, START_EVENT } from '../event/own-events';
import type { SseEventMap } from '../validation/yield-types';
import type { GapReason, Position } from './backplane';

/** An event that somebody published, as a subscriber reads it. Frozen: `{ ...event, data }` makes another one of it. */
export interface SsePublishedEvent<N extends string | undefined = string | undefined, D = unknown> extends EncodedEvent<
  D,
  'event'
> {
  readonly event: N & string;
  readonly data: D;
  /** Where it is in its topic. */
  readonly id: Position;
}

/** The events of a channel: one type for each event name where its schema is a record. */
export type SseChannelEvent<T = unknown> =
  T extends SseEventMap<infer M>
    ? { [K in keyof M & string]: SsePublishedEvent<K, M[K]> }[keyof M & string]
    : SsePublishedEvent<string | undefined, T>;

/** What the data of a `start` event say. */
export interface SseStart {
  /** The position to resume from. */
  readonly position: Position;
}

/**
 * Where a subscriber is: everything after this position comes, or has been left out by its filter. The first event of a
 * subscription that does not resume; given again when a filter has left out many, so that the client resumes from there.
 */
export interface SseStartEvent extends EncodedEvent<SseStart, 'start'> {
  readonly event: typeof START_EVENT;
  readonly id: Position;
}

/** What the data of a `gap` event say. */
export interface SseGap {
  /** See `GapReason`. */
  readonly reason: GapReason;
  /** The position that the subscriber had, where it is one. */
  readonly from?: Position | undefined;
  /** The position to go on from. */
  readonly position: Position;
}

/** Events may be missing before what comes next. A client usually loads anew what it shows. */
export interface SseGapEvent extends EncodedEvent<SseGap, 'gap'> {
  readonly event: typeof GAP_EVENT;
  readonly id: Position;
}

/** What a subscription gives; `kind` tells them apart. */
export type SseSubscriptionEvent<T = unknown> = SseChannelEvent<T> | SseStartEvent | SseGapEvent;

/**
 * A word of the channel itself, encoded. It has data as well as an id: widely used parsers drop events that have only an id.
 */
export class ChannelWord {
  readonly frame: string;
  private decoded: EncodedEvent | undefined;

  constructor(
    private readonly kind: 'start' | 'gap',
    private readonly name: string,
    readonly position: Position,
    private readonly data: object,
  ) {
    this.frame = encodeOwnEvent({ event: name, id: position, data });
  }

  /** The word for those who look into it. */
  get event(): EncodedEvent {
    const { data, frame, kind, name, position } = this;
    return (this.decoded ??= new EncodedEvent(kind, frame, { event: name, id: position, data: Object.freeze(data) }));
  }
}

/** Clients that come one after another to a topic that is silent start at the same position. */
let lastStart: ChannelWord | undefined;

export function startWord(position: Position): ChannelWord {
  if (lastStart?.position !== position) {
    lastStart = new ChannelWord('start', START_EVENT, position, { position });
  }
  return lastStart;
}

export function gapWord({ reason, from, position }: SseGap): ChannelWord {
  return new ChannelWord('gap', GAP_EVENT, position, { reason, ...(from !== undefined && { from }), position });
}
