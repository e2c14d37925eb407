import type { MessageEvent } from '@nestjs/common';

/**
 * The envelope of an event, as a handler yields it. Every field is optional; what is absent is not written.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export interface SseEnvelope<T = unknown> {
  /** Name that `EventSource.addEventListener` listens to; without one, clients dispatch `message`. No CR or LF. */
  event?: string;
  /** What is sent, as JSON (as lines of text with `format: 'text'`). `null`, `0`, `false` and `''` are sent, `undefined` is absent. */
  data?: T;
  /** What a client sends back as `Last-Event-ID`; `''` resets it. No CR, LF or NUL. */
  id?: string | number;
  /** Milliseconds that the client shall wait before it reconnects: an integer from 0. */
  retry?: number;
  /** Text for people who read the stream; clients ignore it. */
  comment?: string;
}

/**
 * What a handler may yield: the data itself, or the data in an envelope.
 *
 * A plain object whose keys are all of the envelope's (`event`, `data`, `id`, `retry`, `comment`) is an envelope, and so
 * is an instance of a `ServerSentEvent(Model)` class. Anything else, any other class instance included, is data.
 */
export type SseEvent<T = unknown> = T | (SseEnvelope<T> & { data: T }) | (SseEnvelope<T> & { data?: undefined });

/**
 * An event on its way through the pipeline: Nest's `MessageEvent` (where the event's name is called `type`), with data
 * of any JSON type.
 */
export interface SseMessage<T = unknown> extends Omit<MessageEvent, 'data'> {
  data?: T;
}

/** The base of every `ServerSentEvent(Model)` class: its instances are envelopes, never data. */
export abstract class SseEnvelopeBase<T = unknown> implements SseEnvelope<T> {
  event?: string;
  data!: T;
  id?: string;
  retry?: number;
  comment?: string;
}
