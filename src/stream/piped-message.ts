import { EncodedMessage } from '../event/encoded-message';
import { idText } from '../event/id-text';
import { quoted } from '../event/printable';
import { SseEnvelopeBase, type SseMessage } from '../event/sse-event';
import { SseSourceError } from '../event/sse.error';
import { toMessage } from '../event/to-message';

const FIELDS: ReadonlySet<string> = new Set(['event', 'data', 'id', 'retry', 'comment', 'raw', 'type']);

/**
 * Reads what came out of the developer's operators: a message that went in, or an event as a handler yields it. Nest's name for
 * the event's name, `type`, is read as well.
 *
 * @throws SseSourceError for anything else: nothing is guessed, and nothing lost.
 */
export function pipedMessage(value: unknown): SseMessage {
  if (typeof value !== 'object' || value === null) {
    throw notAnEvent(value === null || value === undefined ? String(value) : `a ${typeof value}`);
  }
  if (value instanceof EncodedMessage) {
    return value;
  }
  if (value instanceof SseEnvelopeBase) {
    return toMessage(value);
  }
  for (const key in value) {
    if (!FIELDS.has(key)) {
      throw notAnEvent(`an object with the key ${quoted(key)}`);
    }
  }
  const { event, type, data, id, retry, comment, raw } = value as SseMessage & { type?: string };
  if (event !== undefined && type !== undefined && event !== type) {
    throw notAnEvent('an object with two names, "event" and "type"');
  }
  if (data === undefined && raw === undefined && comment === undefined && retry === undefined) {
    throw notAnEvent('an object without data');
  }
  return { event: event === undefined ? type : event, data, id: idText(id), retry, comment, raw };
}

function notAnEvent(what: string): SseSourceError {
  return new SseSourceError(`pipe() must give events, for example { event: 'price', data }. It gave ${what}`);
}
