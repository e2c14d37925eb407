import { checkFields } from './encode';
import { quoted } from './printable';
import {
  SseEnvelopeBase,
  type SseEnvelope,
  type SseEnvelopeFields,
  type SseMadeEvent,
  type SseMessage,
  type SseRawEvent,
} from './sse-event';
import { SseFieldError } from './sse.error';

/** Text that is sent as it is, in the place of data. */
export interface SseRawFields extends SseEnvelopeFields {
  /** Sent as `data:` lines, a line for each of its lines: neither as JSON nor validated, whatever the route's format is. */
  raw: string;
  data?: undefined;
}

/** An event that clients do not dispatch: a comment, a reconnection time, or both. */
export type SseSilentFields = { event?: undefined; data?: undefined; id?: undefined; raw?: undefined } & (
  { comment: string; retry?: number | undefined } | { retry: number; comment?: string | undefined }
);

const FIELDS: ReadonlySet<string> = new Set(['event', 'data', 'id', 'retry', 'comment', 'raw']);

/** What `sseEvent()` makes, and what nothing else is. */
export class MadeEvent extends SseEnvelopeBase {
  raw?: string | undefined;

  constructor(fields: object) {
    super();
    Object.assign(this, fields);
  }
}

/**
 * Makes an event, whatever its data look like: what is made here is never taken for data.
 *
 * - `sseEvent({ data })` protects data that look like an envelope.
 * - `sseEvent({ comment })` and `sseEvent({ retry })` are events without data: clients dispatch nothing.
 * - `sseEvent({ raw: '[DONE]' })` sends text as it is, without JSON and without validation.
 *
 * @throws SseFieldError when a field cannot be sent, is unknown, or when there is nothing to send. An event with only a name or
 * an id is refused: clients dispatch none without data, and only Chromium takes its id.
 *
 * @example
 * ```ts
 * yield sseEvent({ event: 'row', data: row });
 * yield sseEvent({ comment: 'still reading the file' });
 * ```
 */
export function sseEvent<T, N extends string | undefined = undefined>(
  fields: Omit<SseEnvelope<T>, 'event' | 'type'> & { event?: N; raw?: undefined },
): SseMadeEvent<T, N>;
export function sseEvent(fields: SseRawFields): SseRawEvent;
export function sseEvent(fields: SseRawFields | SseSilentFields): SseMadeEvent<undefined>;
export function sseEvent(fields: object): SseMadeEvent {
  if (typeof fields !== 'object' || fields === null) {
    throw new SseFieldError('data', 'is missing: sseEvent() takes an object, for example sseEvent({ data })');
  }
  for (const name of Object.keys(fields)) {
    if (!FIELDS.has(name)) {
      const hint = name === 'type' ? '. The name of an event is called "event"' : '';
      throw new SseFieldError(
        'data',
        `comes with the unknown field ${quoted(name)}: sseEvent() takes event, data, id, retry, comment and raw${hint}`,
      );
    }
  }
  const event = new MadeEvent(fields);
  checkFields(event as SseMessage);
  return event as unknown as SseMadeEvent;
}
