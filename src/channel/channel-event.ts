import { encodeMessage } from '../event/encode';
import { EncodedEvent } from '../event/encoded-event';
import type { SseEventMap } from '../validation/yield-types';
import type { GapReason, Position } from './backplane';

/** Name of the event that tells a client where it is in its topic. */
export const START_EVENT = 'start';
/** Name of the event that tells a client that it may have missed some. */
export const GAP_EVENT = 'gap';

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
  readonly from?: Position;
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

/** A word of the channel itself, encoded. It has data as well as an id: widely used parsers drop events that have only an id. */
export interface ChannelWord {
  readonly frame: string;
  readonly event: EncodedEvent;
}

export function startWord(position: Position): ChannelWord {
  return word('start', START_EVENT, position, { position });
}

export function gapWord(gap: SseGap): ChannelWord {
  const { reason, from, position } = gap;
  return word('gap', GAP_EVENT, position, { reason, ...(from !== undefined && { from }), position });
}

function word(kind: 'start' | 'gap', event: string, id: Position, data: object): ChannelWord {
  const frame = encodeMessage({ type: event, id, data });
  return { frame, event: new EncodedEvent(kind, frame, { event, id, data: Object.freeze(data) }) };
}
