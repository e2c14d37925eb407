import type { MessageEvent } from '@nestjs/common';
import { SseFieldError } from './sse.error';

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

function isEnvelopeKey(key: string): boolean {
  return key === 'data' || key === 'event' || key === 'id' || key === 'retry' || key === 'comment';
}

function isEnvelope(value: object): value is SseEnvelope {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return value instanceof SseEnvelopeBase;
  }
  let keys = 0;
  // A plain object has no inherited enumerable keys worth a check; for…in is several times faster than Object.keys here.
  for (const key in value) {
    if (!isEnvelopeKey(key)) {
      return false;
    }
    keys++;
  }
  return keys > 0;
}

/** Where the event's name comes from when the envelope gives none: the data's class, or nothing. */
export type NameOfData = (data: unknown) => string | undefined;

/**
 * Brings what a handler yielded into the one shape that the pipeline works on.
 *
 * @throws SseFieldError when `undefined` was yielded, which JSON cannot express.
 */
export function toMessage(value: unknown, nameOfData?: NameOfData): SseMessage {
  if (typeof value === 'object' && value !== null && isEnvelope(value)) {
    const { event, data, id, retry, comment } = value;
    return {
      type: event === undefined && data !== undefined ? nameOfData?.(data) : event,
      data,
      // A number that counts is the commonest id of all; everything else is checked where it is written.
      id: typeof id === 'number' && Number.isFinite(id) ? String(id) : (id as string),
      retry,
      comment,
    };
  }
  if (value === undefined) {
    throw new SseFieldError(
      'data',
      'is undefined, which JSON cannot express; yield null, or an envelope with a comment',
    );
  }
  return { type: nameOfData?.(value), data: value, id: undefined, retry: undefined, comment: undefined };
}

/** The name of the class of `data`, or `undefined` for plain objects, arrays and primitives. */
export function classNameOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    return undefined;
  }
  const constructor: unknown = Object.getPrototypeOf(data)?.constructor;
  return typeof constructor === 'function' && constructor !== Object ? constructor.name : undefined;
}
