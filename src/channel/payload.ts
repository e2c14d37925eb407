import { encodeMessage } from '../event/encode';
import { EncodedEvent } from '../event/encoded-event';
import { SseFieldError } from '../event/sse.error';
import type { SseMessage } from '../event/sse-event';
import type { Position } from './backplane';
import { GAP_EVENT, START_EVENT } from './channel-event';

/** Lines of a frame but for its id, and the empty line at its end: nothing that could be two events, or another's id. */
const PAYLOAD = /^(?:(?:event|retry|data): [^\r\n]*\n|: [^\r\n]*\n)+\n$/;

/**
 * What a backplane carries of an event: its frame without the id, which is the position that the backplane gives it.
 *
 * @throws SseFieldError when a field cannot be sent as it is, or is the channel's to give.
 */
export function encodePayload(message: SseMessage): string {
  if (message.id !== undefined) {
    throw new SseFieldError('id', 'is given by the channel: it is the position to resume from');
  }
  if (message.data === undefined) {
    throw new SseFieldError('data', 'is missing: an event that is published needs some');
  }
  if (message.type === START_EVENT || message.type === GAP_EVENT) {
    throw new SseFieldError('event', `is "${message.type}", a name that channels use themselves`);
  }
  return encodeMessage(message);
}

/** Whether a payload is one event, whoever wrote it. */
export function isPayload(payload: string): boolean {
  return PAYLOAD.test(payload);
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
