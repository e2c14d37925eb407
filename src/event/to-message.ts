import { EncodedEvent } from './encoded-event';
import { idText } from './id-text';
import { MadeEvent } from './made-event';
import { SseEnvelopeBase, type SseEnvelope, type SseMessage } from './sse-event';
import { SseFieldError } from './sse.error';

function isEnvelope(value: object): value is SseEnvelope & { raw?: string } {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return value instanceof SseEnvelopeBase;
  }
  let hasData = false;
  // A plain object has no inherited enumerable keys worth a check; for…in is several times faster than Object.keys here.
  for (const key in value) {
    if (key === 'data') {
      hasData = true;
    } else if (key !== 'event' && key !== 'id' && key !== 'retry' && key !== 'comment') {
      return false;
    }
  }
  return hasData;
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
    const encoded = EncodedEvent.messageOf(value);
    if (encoded) {
      return encoded;
    }
    const { event, data, id, retry, comment } = value;
    if (data === undefined) {
      return messageWithoutData(value);
    }
    return {
      event: event === undefined ? nameOfData?.(data) : event,
      data,
      id: idText(id),
      retry,
      comment,
      raw: undefined,
    };
  }
  if (value === undefined) {
    throw new SseFieldError('data', 'is undefined, which JSON cannot express. Yield null, or sseEvent({ comment })');
  }
  return {
    event: nameOfData?.(value),
    data: value,
    id: undefined,
    retry: undefined,
    comment: undefined,
    raw: undefined,
  };
}

function messageWithoutData(value: SseEnvelope & { raw?: string }): SseMessage {
  if (!(value instanceof MadeEvent)) {
    throw new SseFieldError(
      'data',
      'is undefined, which JSON cannot express. Give null, or make an event without data by sseEvent()',
    );
  }
  const { event, id, retry, comment, raw } = value;
  return { event, data: undefined, id: idText(id), retry, comment, raw };
}

/** The class of `data`, or `undefined` for plain objects, arrays and primitives. */
export function classOf(data: unknown): Function | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    return undefined;
  }
  const constructor: unknown = Object.getPrototypeOf(data)?.constructor;
  return typeof constructor === 'function' && constructor !== Object ? constructor : undefined;
}
