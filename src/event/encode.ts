import { encodeJson } from './encode-json';
import { EncodedMessage } from './encoded-message';
import { idText } from './id-text';
import { isRefusedPromise } from './is-promise-like';
import { isOwnEvent } from './own-events';
import { quoted } from './printable';
import { SseFieldError } from './sse.error';
import type { SseMessage } from './sse-event';

/**
 * How `data` is written: `json`, or `text` for strings, a `data:` line for each line. A client reads each kind of line break as
 * LF, and a lone surrogate, which UTF-8 cannot express, as U+FFFD.
 */
export type SseFormat = 'json' | 'text';

/**
 * The id that says "this stream is over". A client that reconnects with it is answered `204 No Content`, on which
 * `EventSource` stops for good.
 */
export const END_OF_STREAM_ID = '~end';

/** An empty comment: clients ignore it, proxies see that the connection lives. */
export const HEARTBEAT_FRAME = ':\n\n';

/** A frame that only sets the time after which the client reconnects. */
export function retryFrame(retry: number): string {
  return `retry: ${checkedRetry(retry)}\n\n`;
}

/**
 * Writes one message as the block of lines that the WHATWG algorithm reads back as that message, or `''` for a message
 * without any field.
 *
 * @param ownId id for a message that has none, made by the library: it needs no check, which is a tenth of a small event's time.
 * @throws SseFieldError when a field cannot be sent as it is; nothing has been written then.
 */
export function encodeMessage(message: SseMessage, format: SseFormat = 'json', ownId?: string): string {
  const encoded = EncodedMessage.frameOf(message);
  if (encoded !== undefined) {
    return encoded;
  }
  const { event } = message;
  const name = event === undefined ? '' : eventLine(event);
  return encodeUnder(ownId === undefined ? name : `${name}id: ${ownId}\n`, message, format);
}

/** As `encodeMessage`, for an event of the library's own, as JSON. */
export function encodeOwnEvent(message: SseMessage & { readonly event: string }): string {
  return encodeUnder(`event: ${message.event}\n`, message, 'json');
}

/**
 * The line that names an event.
 *
 * @param own name of the library's own that is allowed here.
 * @throws SseFieldError when the name cannot be sent, or is another of the library's own.
 */
export function eventLine(name: string, own?: string): string {
  return `event: ${name === own ? name : checkedName(name)}\n`;
}

/** @throws SseFieldError when a message cannot be sent, or has nothing to send. */
export function checkFields({ comment, data, event, id, raw, retry }: SseMessage): void {
  if (comment !== undefined) {
    checkedText('comment', comment);
  }
  if (event !== undefined) {
    checkedName(event);
  }
  if (id !== undefined) {
    checkedId(idText(id));
  }
  if (retry !== undefined) {
    checkedRetry(retry);
  }
  if (raw !== undefined) {
    checkedText('raw', raw);
    if (data !== undefined) {
      throw new SseFieldError('raw', 'takes the place of data. Give one of them');
    }
  } else if (data === undefined) {
    if (event !== undefined || id !== undefined) {
      throw new SseFieldError('data', 'is missing: clients dispatch no event without data, and some ignore its id');
    }
    if (comment === undefined && retry === undefined) {
      throw new SseFieldError('data', 'is missing: there is nothing to send');
    }
  }
}

/** Writes what a message has beside its name, below the lines that are there. */
export function encodeUnder(head: string, message: SseMessage, format: SseFormat): string {
  const { comment, id, retry, data } = message;
  let frame = comment === undefined ? head : prefixLines(': ', checkedText('comment', comment)) + head;
  if (id !== undefined) {
    frame += `id: ${checkedId(id)}\n`;
  }
  if (retry !== undefined) {
    frame += `retry: ${checkedRetry(retry)}\n`;
  }
  if (data !== undefined) {
    return format === 'json'
      ? `${frame}data: ${encodeJson(data)}\n\n`
      : `${frame}${prefixLines('data: ', checkedText('data', data))}\n`;
  }
  const { raw } = message;
  if (raw !== undefined) {
    return `${frame}${prefixLines('data: ', checkedText('raw', raw))}\n`;
  }
  return frame === '' ? '' : `${frame}\n`;
}

function checkedText(field: 'comment' | 'data' | 'raw', value: unknown): string {
  if (typeof value !== 'string') {
    throw new SseFieldError(
      field,
      field === 'data' && isRefusedPromise(value)
        ? 'is a promise. Is an "await" missing?'
        : `must be a string${field === 'data' ? ' with format "text"' : ''}, not ${describe(value)}`,
    );
  }
  return value;
}

/** Names that were checked before. Streams have few, and to look one up is cheaper than to look through it. */
const knownNames = new Set<unknown>();
/** Names may come from outside: without a bound they would be kept for ever. */
const MAX_KNOWN_NAMES = 1_000;

function checkedName(value: unknown): string {
  if (knownNames.has(value)) {
    return value as string;
  }
  const name = checkedLine('event', value);
  if (isOwnEvent(name)) {
    throw new SseFieldError(
      'event',
      `is ${quoted(name)}, a name that the library keeps for its own events. Pass those on as they are, not as copies`,
    );
  }
  if (knownNames.size < MAX_KNOWN_NAMES) {
    knownNames.add(name);
  }
  return name;
}

function checkedLine(field: 'event' | 'id', value: unknown): string {
  if (typeof value !== 'string') {
    throw new SseFieldError(field, `must be a string, not ${describe(value)}`);
  }
  if (value.includes('\n') || value.includes('\r')) {
    throw new SseFieldError(field, 'contains a line break, which would start another field');
  }
  // A lone surrogate turns into U+FFFD on the wire: the client would get another name or id than was given.
  if (!value.isWellFormed()) {
    throw new SseFieldError(field, 'contains a lone surrogate, which UTF-8 cannot express');
  }
  return value;
}

/** Most characters of an id: it comes back in a header, and servers bound those. */
export const MAX_ID_LENGTH = 1_024;

/** Control characters but for the tab, and for those beyond ASCII, which are more than one byte in UTF-8. */
const NOT_IN_A_HEADER = /[^\P{Cc}\t\u0080-\u009F]/u;

/** What is an id beyond doubt: printable ASCII without spaces. */
const SIMPLE_ID = /^[!-}]+$/;

/**
 * An id comes back in the header `Last-Event-ID`, so it must be what a header can carry.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-5.5
 */
function checkedId(value: unknown): string {
  if (typeof value === 'string' && value.length <= 128 && SIMPLE_ID.test(value)) {
    return value;
  }
  const id = checkedLine('id', value);
  if (id.length > MAX_ID_LENGTH) {
    throw new SseFieldError('id', `has ${id.length} characters; at most ${MAX_ID_LENGTH} are allowed`);
  }
  if (NOT_IN_A_HEADER.test(id)) {
    throw new SseFieldError('id', 'contains a control character; the client could not send it back');
  }
  if (/^[ \t]|[ \t]$/.test(id)) {
    throw new SseFieldError('id', 'begins or ends with a space, which is lost in a header');
  }
  if (id === END_OF_STREAM_ID) {
    throw new SseFieldError('id', `is "${END_OF_STREAM_ID}", which is reserved for the end of the stream`);
  }
  return id;
}

function checkedRetry(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new SseFieldError('retry', `must be a whole number of milliseconds from 0, not ${describe(value)}`);
  }
  return value as number;
}

function describe(value: unknown): string {
  if (isRefusedPromise(value)) {
    return 'a promise';
  }
  return typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : value === null
      ? 'null'
      : withArticle(typeof value);
}

function withArticle(type: string): string {
  return type === 'undefined' ? type : `${type === 'object' ? 'an' : 'a'} ${type}`;
}

function prefixLines(prefix: string, text: string): string {
  if (!text.includes('\n') && !text.includes('\r')) {
    return `${prefix}${text}\n`;
  }
  let lines = '';
  for (const line of text.split(/\r\n|\r|\n/)) {
    lines += `${prefix}${line}\n`;
  }
  return lines;
}
