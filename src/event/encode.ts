import { EncodedMessage } from './encoded-message';
import { SseFieldError } from './sse.error';
import type { SseMessage } from './sse-event';

/** How `data` is written: `json`, or `text` for strings as they are, a `data:` line for each line. */
export type SseFormat = 'json' | 'text';

/**
 * The id that says "this stream is over". A client that reconnects with it is answered `204 No Content`, on which
 * `EventSource` stops for good.
 */
export const END_OF_STREAM_ID = '~end';

/** The last frame of a stream that is over: browsers keep the id and dispatch nothing, for there is no data. */
export const END_OF_STREAM_FRAME = `id: ${END_OF_STREAM_ID}\n\n`;

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
 * @throws SseFieldError when a field cannot be sent as it is; nothing has been written then.
 */
export function encodeMessage(message: SseMessage, format: SseFormat = 'json'): string {
  const encoded = EncodedMessage.frameOf(message);
  if (encoded !== undefined) {
    return encoded;
  }
  const { comment, type, id, retry, data } = message;
  let frame = '';
  if (comment !== undefined) {
    frame = prefixLines(': ', checkedText('comment', comment));
  }
  if (type !== undefined) {
    frame += `event: ${checkedLine('event', type)}\n`;
  }
  if (id !== undefined) {
    frame += `id: ${checkedId(id)}\n`;
  }
  if (retry !== undefined) {
    frame += `retry: ${checkedRetry(retry)}\n`;
  }
  if (data === undefined) {
    return frame === '' ? '' : `${frame}\n`;
  }
  // JSON.stringify escapes every control character: its result is always one line.
  return format === 'json'
    ? `${frame}data: ${toJson(data)}\n\n`
    : `${frame}${prefixLines('data: ', checkedText('data', data))}\n`;
}

/** The named frame that ends a stream for clients that read to the end themselves. */
export function endOfStreamFrame(event: string): string {
  return `event: ${checkedLine('event', event)}\nid: ${END_OF_STREAM_ID}\ndata: null\n\n`;
}

function toJson(data: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw new SseFieldError('data', `cannot be written as JSON: ${(cause as Error).message}`, { cause });
  }
  if (json === undefined) {
    throw new SseFieldError('data', `cannot be written as JSON: it is a ${typeof data}`);
  }
  return json;
}

function checkedText(field: 'comment' | 'data', value: unknown): string {
  if (typeof value !== 'string') {
    throw new SseFieldError(
      field,
      `must be a string${field === 'data' ? ' with format "text"' : ''}, not ${describe(value)}`,
    );
  }
  return value;
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

function checkedId(value: unknown): string {
  const id = checkedLine('id', value);
  if (id.includes('\0')) {
    throw new SseFieldError('id', 'contains NUL; clients ignore such an id');
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
  return typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : value === null
      ? 'null'
      : `a ${typeof value}`;
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
