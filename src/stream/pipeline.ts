import { map, type Observable } from 'rxjs';
import { encodeMessage } from '../event/encode';
import type { SseValidationError } from '../event/sse.error';
import type { SseMessage } from '../event/sse-event';
import { toMessage } from '../event/to-message';
import type { Demand } from './demand';
import type { EventId, StreamOptions } from './stream-options';
import { validated } from './validated';

/** The shortest frame, `data: 0\n\n`: with this, a bound in bytes is one in events, too. */
const SHORTEST_FRAME = 9;

/** What the pipeline needs of its stream. */
export interface PipelineContext {
  readonly options: StreamOptions;
  readonly demand: Demand;
  readonly onDropped: (error: SseValidationError) => void;
}

/**
 * The way of an event where nothing stands between: what was yielded → message → its id → frame.
 *
 * An operator for each step would cost a small event as much as its encoding does.
 */
export function toFrame(value: unknown, { nameOfData, eventId, format }: StreamOptions): string {
  return encodeMessage(withId(toMessage(value, nameOfData), eventId), format);
}

/** The way of an event that is validated: what was yielded → message → validated → its id. */
export function toMessages(source$: Observable<unknown>, context: PipelineContext): Observable<SseMessage> {
  const { demand, onDropped, options } = context;
  const { eventId, nameOfData, onInvalid, overflow, validate } = options;
  const messages$ = source$.pipe(map((value) => toMessage(value, nameOfData)));
  if (!validate) {
    return messages$.pipe(map((message) => withId(message, eventId)));
  }
  const maxWaiting = Math.ceil(overflow.maxBytes / SHORTEST_FRAME);
  return messages$.pipe(
    validated({ validate, onInvalid, demand, maxWaiting, onDropped }),
    map((message) => withId(message, eventId)),
  );
}

/** Gives an event its id. The message is the pipeline's own until the user's operators get it. */
function withId(message: SseMessage, eventId: EventId): SseMessage {
  if (message.id === undefined && message.data !== undefined) {
    const id = eventId(message);
    if (id !== undefined) {
      message.id = typeof id === 'number' ? String(id) : id;
    }
  }
  return message;
}
