import { encodeMessage } from '../event/encode';
import { EncodedEvent } from '../event/encoded-event';
import { SseFieldError } from '../event/sse.error';
import type { SseMessage } from '../event/sse-event';
import type { Position } from './backplane';

/** How the lines of a frame begin, but for its id. */
const LINE_STARTS = ['data: ', 'event: ', 'retry: ', ': '];

/**
 * What a backplane carries of an event: its frame without the id, which is the position that the backplane gives it.
 *
 * @throws SseFieldError when a field cannot be sent as it is, or is the channel's to give.
 */
export function encodePayload(message: SseMessage): string {
  if (message.id !== undefined) {
    throw new SseFieldError('id', 'is given by the channel: it is the position to resume from');
  }
  if (message.data === undefined && message.raw === undefined) {
    throw new SseFieldError('data', 'is missing: an event that is published needs some');
  }
  if (message.retry !== undefined) {
    throw new SseFieldError('retry', 'is not for an event that is published: it would set the time of every client');
  }
  return encodeMessage(message);
}

/** Whether a payload is one event, whoever wrote it: nothing that could be two events, or another's id. */
export function isPayload(payload: string): boolean {
  const end = payload.length - 1;
  if (end < 2 || payload.indexOf('\n\n') !== end - 1 || payload.includes('\r')) {
    return false;
  }
  for (let start = 0; start < end; start = payload.indexOf('\n', start) + 1) {
    if (!LINE_STARTS.some((text) => payload.startsWith(text, start))) {
      return false;
    }
  }
  return true;
}

/** The frame of a payload at its position. */
export function frameOfPayload(position: Position, payload: string): string {
  return `id: ${position}\n${payload}`;
}

/** Reads a payload back. Its data are frozen, for all who read them share them. */
export function decodePayload(position: Position, payload: string): EncodedEvent<unknown, 'event'> {
  let event: string | undefined;
  const data: string[] = [];
  for (const line of payload.split('\n')) {
    if (line.startsWith('data: ')) {
      data.push(line.slice('data: '.length));
    } else if (line.startsWith('event: ')) {
      event = line.slice('event: '.length);
    }
  }
  return new EncodedEvent('event', frameOfPayload(position, payload), {
    event,
    id: position,
    data: deepFreeze(parse(data.join('\n'))),
  });
}

/** Other programs may write to an engine, and not JSON: that is text then. */
function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
