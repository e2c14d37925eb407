import { encodeMessage } from '../event/encode';
import { EncodedEvent } from '../event/encoded-event';

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

/** How far the stream is, while nothing changes: an id and a comment, without data. */
export interface TailedProgress {
  readonly id: string;
  readonly comment: string;
  readonly event?: undefined;
  readonly data?: undefined;
}

/** What `tailCursor` gives, in the shape of what a view yields. */
export type TailedChange<Row> = TailedRowChange<Row> | SseSnapshotEvent | TailedProgress;

/** Validated and encoded already: it passes whatever the route's schema is. */
export function snapshotEvent(reason: SseSnapshotReason): SseSnapshotEvent {
  const [event, id, data] = ['snapshot' as const, '', Object.freeze({ reason })];
  const frame = encodeMessage({ type: event, id, data });
  return new EncodedEvent('start', frame, { event, id, data }) as SseSnapshotEvent;
}
