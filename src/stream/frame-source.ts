import type { Demand } from './demand';
import type { SharedFrames } from './shared-frames';

/** Connects a source that makes its frames itself. */
export const CONNECT_FRAMES = Symbol('CONNECT_FRAMES');

/** Where a source's frames go: one client's stream. */
export interface FrameSink {
  /** Shut while the client does not read. What is written all the same waits, up to the stream's bound. */
  readonly demand: Pick<Demand, 'isOpen' | 'whenOpen'>;
  /** One event's frame, for this client alone. */
  write(frame: string): void;
  /** Frames that other clients get, too. */
  writeShared(frames: SharedFrames): void;
  /** The source failed: the stream ends with the error. */
  fail(error: unknown): void;
  /** The source is at its end. */
  complete(): void;
}

/**
 * A source whose events are validated and encoded already, such as a channel's. It goes to the client past the pipeline,
 * unless the route has operators of its own: then it is read as the iterable that it is, too.
 */
export interface FrameSource {
  [Symbol.asyncIterator](): AsyncIterableIterator<unknown> & FrameConnection;
  /** @returns what the stream lets go of when it is over. */
  [CONNECT_FRAMES](sink: FrameSink): FrameConnection;
}

/** A source that is connected. */
export interface FrameConnection {
  /** Whether events come as they are made, or cannot come for now. */
  readonly state: StreamState;
  /** Nothing is written any more, and everything is released. */
  disconnect(): void;
}

/** `stale`: what brings the events is away, and those of meanwhile come when it is back. */
export type StreamState = 'live' | 'stale';

export function isFrameSource(source: unknown): source is FrameSource {
  return typeof source === 'object' && source !== null && CONNECT_FRAMES in source;
}
