/**
 * The place of an event in its topic, as clients keep it in `Last-Event-ID`. Only the backplane that made it can read it; it
 * matches `/^[\w.~-]{1,96}$/`. It is not a secret: an engine may count events in it, of one topic or of all.
 */
export type Position = string;

/**
 * Why a subscriber may have missed events: `trimmed`, the history no longer reaches back to its position; `reset`, its
 * position is of an earlier life of the engine; `invalid`, it is no position of this topic; `overflow`, it read too slowly
 * and the history went on without it.
 */
export type GapReason = 'trimmed' | 'reset' | 'invalid' | 'overflow';

/** What a subscription to a backplane gives. */
export type Delivery =
  /** Always first: what comes is everything after this position. */
  | { readonly kind: 'start'; readonly position: Position }
  /** A payload, and the position that is reached with it. */
  | { readonly kind: 'event'; readonly position: Position; readonly payload: string }
  /**
   * Events are missing before what comes next. `from` is the position that the subscriber had, where it is one;
   * `position` is the one to go on from: whoever resumes from it is not told again.
   */
  | {
      readonly kind: 'gap';
      readonly reason: GapReason;
      readonly from?: Position | undefined;
      readonly position: Position;
    }
  /** The engine went away (`stale`: nothing comes, nothing is lost yet), or is back (`live`). */
  | { readonly kind: 'status'; readonly state: 'live' | 'stale' };

/** Where a subscriber begins that has not received anything yet: with what comes now, or with the oldest event retained. */
export type SubscribeFrom = 'tip' | 'oldest';

/** How much of a topic is kept for those who come back. Whichever bound is met first trims the oldest events. */
export interface HistoryBounds {
  /** Most events of a topic; 0 keeps none. */
  readonly maxEvents: number;
  /** Most bytes of payload of a topic. */
  readonly maxBytes: number;
  /** Milliseconds that an event is kept. */
  readonly maxAge: number;
}

/** What a backplane keeps where it is told nothing else. */
export const DEFAULT_HISTORY: HistoryBounds = { maxEvents: 1_000, maxBytes: 1_048_576, maxAge: 300_000 };

/** Options of `Backplane.publish()`. */
export interface BackplanePublishOptions {
  /**
   * Names this publication: another one with the same key in the same topic, within the backplane's `dedupeWindow`, is not
   * written again.
   */
  readonly key?: string | undefined;
  /** How much of the topic is kept. @default DEFAULT_HISTORY */
  readonly history?: HistoryBounds | undefined;
  /** Gives up waiting for the engine; whether the event was written is unknown then. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `Backplane.subscribe()`. */
export interface BackplaneSubscribeOptions {
  /** The position that the subscriber has reached, as its client says it: any string. */
  readonly after?: string | undefined;
  /** Where a subscriber without `after` starts. @default 'tip' */
  readonly from?: SubscribeFrom | undefined;
  /** Ends the subscription. */
  readonly signal: AbortSignal;
  /**
   * Most live events that wait in memory for this subscriber. One that is slower is served from the history again, and is
   * told `gap: overflow` where that no longer reaches.
   */
  readonly maxBuffered: number;
}

/** What `Backplane.publish()` answers. */
export interface Published {
  /** Where the event is. */
  readonly position: Position;
  /** Whether the key was known: the position is that of the first publication. */
  readonly duplicate: boolean;
}

/** What a backplane can promise. */
export interface BackplaneCapabilities {
  /** What the events outlive. */
  readonly survives: 'nothing' | 'engine-restart';
  /** Milliseconds in which a key is recognised. */
  readonly dedupeWindow: number;
  /** Whether a gap is told only where events are missing indeed. */
  readonly exactGaps: boolean;
}

/**
 * What carries the events of channels: within a process, or between many. A topic has one order that all subscribers see,
 * and its positions only grow.
 *
 * Every implementation passes the conformance suite of `nestjs-sse-views/testing`.
 */
export interface Backplane {
  readonly capabilities: BackplaneCapabilities;

  /** Connects. Called once, before anything else. */
  start(): Promise<void>;

  /**
   * Appends a payload to a topic.
   *
   * @returns once the engine has accepted the event at that position, whoever receives it.
   * @throws SseUnavailableError when nothing was written, SseOutcomeUnknownError when that cannot be known, SseClosedError
   * after `close()`.
   */
  publish(topic: string, payload: string, options?: BackplanePublishOptions): Promise<Published>;

  /**
   * Gives `start`, then every retained event after `after` exactly once and in order, then the live ones without a hole or a
   * double; or a `gap` before any event beyond the hole. Ends when the signal aborts or the backplane is closed.
   */
  subscribe(topic: string, options: BackplaneSubscribeOptions): AsyncIterable<Delivery>;

  /** Ends every subscription and lets go of everything. @param options.drain milliseconds for what is under way. */
  close(options?: { readonly drain?: number | undefined }): Promise<void>;
}
