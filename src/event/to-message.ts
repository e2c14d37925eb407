import { EncodedEvent } from './encoded-event';
import { SseEnvelopeBase, type SseEnvelope, type SseMessage } from './sse-event';
import { SseFieldError } from './sse.error';

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
    const encoded = EncodedEvent.messageOf(value);
    if (encoded) {
      return encoded;
    }
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
