/**
 * An event with its data, as a handler yields it. What is absent or `undefined` is not written; `data` must be there.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export interface SseEnvelope<T = unknown> extends SseEnvelopeFields {
  /** What is sent, as JSON (as lines of text with `format: 'text'`). `null`, `0`, `false` and `''` are sent; `undefined` is refused. */
  data: T;
  /** Refused by the compiler: Nest's `MessageEvent` calls the event's name so. Here it is `event`. */
  type?: never;
}

/** The fields that an event may have beside its data. */
export interface SseEnvelopeFields {
  /**
   * Name that `EventSource.addEventListener` listens to; without one, clients dispatch `message`. No CR or LF, and not one of the
   * library's own names: `start`, `gap`, `snapshot`, `end`, `stream-error`, `ping`, and those that begin with `~`.
   */
  event?: string | undefined;
  /**
   * What a client sends back as `Last-Event-ID`; `''` resets it. What a header can carry: at most 1,024 characters, no control
   * characters, no space at either end.
   */
  id?: string | number | undefined;
  /** Milliseconds that the client shall wait before it reconnects: an integer from 0. */
  retry?: number | undefined;
  /** Text for people who read the stream; clients ignore it. */
  comment?: string | undefined;
}

/**
 * What a handler may yield: the data itself, the data in an envelope, or what `sseEvent()` makes.
 *
 * A plain object is an envelope if it has the key `data` and no key outside `event`, `data`, `id`, `retry`, `comment`. So is an
 * instance of a `ServerSentEvent(Model)` class. Anything else is data, any other class instance included.
 */
export type SseEvent<T = unknown> = T | SseEnvelope<T> | SseMadeEvent<T> | SseMadeEvent<undefined>;

/**
 * An event on its way through the stream, after validation: what `pipe`, `eventId` and `onInvalid` are given.
 */
export interface SseMessage<T = unknown> {
  /** Name of the event. */
  event?: string | undefined;
  /** The data: the schema's output. `undefined` in an event that has none. */
  data?: T | undefined;
  id?: string | undefined;
  /** Milliseconds. */
  retry?: number | undefined;
  comment?: string | undefined;
  /** Text that is sent as it is, in the place of data; see `sseEvent()`. */
  raw?: string | undefined;
}

/** The base of every class of envelopes: its instances are envelopes, never data. */
export abstract class SseEnvelopeBase<T = unknown> {
  event?: string | undefined;
  data!: T;
  id?: string | number | undefined;
  retry?: number | undefined;
  comment?: string | undefined;
}

declare const made: unique symbol;

/** What `sseEvent()` makes. `T` is `undefined` for an event without data. */
export interface SseMadeEvent<
  T = unknown,
  N extends string | undefined = string | undefined,
> extends SseEnvelopeFields {
  /** Exists for the compiler only: it tells this from an envelope that is written by hand. */
  readonly [made]: true;
  readonly event: N;
  readonly data: T;
  readonly raw?: string | undefined;
}

/** What `sseEvent({ raw })` makes: text that is sent as it is. */
export interface SseRawEvent extends SseMadeEvent<undefined> {
  readonly raw: string;
}
