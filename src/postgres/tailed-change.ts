import { encodeOwnEvent } from '../event/encode';
import { EncodedEvent } from '../event/encoded-event';
import { START_EVENT } from '../event/own-events';

/**
 * Why a stream of `tailCursor` begins anew: it is the `first` time; the history does not reach back any more (`trimmed`); or
 * the id that the client gave is none (`invalid`).
 */
export type SseSnapshotReason = 'first' | 'trimmed' | 'invalid';

/** What the data of a `snapshot` event say. */
export interface SseSnapshot {
  readonly reason: SseSnapshotReason;
}

/** What a client has of the relation is to be dropped: the relation as it is comes next, row by row, and then its changes. */
export interface SseSnapshotEvent extends EncodedEvent<SseSnapshot, 'start'> {
  readonly event: 'snapshot';
  readonly data: SseSnapshot;
}

/** A change of a row, as an event. */
export interface TailedRowChange<Row> {
  /** What happened; `upsert` is what `ENVELOPE UPSERT` says of a row that came or changed. */
  readonly event: 'insert' | 'update' | 'delete' | 'upsert';
  /** The row as it is now; the one that went with `delete` (with `ENVELOPE UPSERT`, its key alone). */
  readonly data: Row;
  /**
   * The last timestamp that is complete with this event; `''` before the first. The last change of a timestamp has that
   * timestamp, those before it have the one before.
   */
  readonly id: string;
}

/** How far the stream is, while nothing changes. It has data as well as an id: most browsers ignore an id without data. */
export interface TailedProgress extends EncodedEvent<{ readonly position: string }, 'start'> {
  readonly event: typeof START_EVENT;
  readonly id: string;
}

/** What `tailCursor` gives, in the shape of what a view yields. */
export type TailedChange<Row> = TailedRowChange<Row> | SseSnapshotEvent | TailedProgress;

/** Validated and encoded already: it passes whatever the route's schema is. */
export function snapshotEvent(reason: SseSnapshotReason): SseSnapshotEvent {
  const [event, id, data] = ['snapshot' as const, '', Object.freeze({ reason })];
  return ownEvent({ event, id, data }) as SseSnapshotEvent;
}

export function progressEvent(id: string): TailedProgress {
  return ownEvent({ event: START_EVENT, id, data: Object.freeze({ position: id }) }) as TailedProgress;
}

function ownEvent<T>(fields: { event: string; id: string; data: T }): EncodedEvent<T, 'start'> {
  return new EncodedEvent('start', encodeOwnEvent(fields), fields);
}
