import { map, takeUntil, type Observable } from 'rxjs';
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
  /** Emits when the stream is over: everything is unsubscribed from, the user's operators as well. */
  readonly stopped$: Observable<void>;
  readonly onDropped: (error: SseValidationError) => void;
}

/** The way of an event: what was yielded → message → validated → its id → the user's operators → frame. */
export function toFrames(source$: Observable<unknown>, context: PipelineContext): Observable<string> {
  const { demand, stopped$, onDropped, options } = context;
  const { eventId, format, nameOfData, onInvalid, overflow, pipe, validate } = options;
  const values$ = source$.pipe(takeUntil(stopped$));
  if (!validate && !pipe) {
    // Each operator costs a small event as much as its encoding does.
    return values$.pipe(map((value) => encodeMessage(withId(toMessage(value, nameOfData), eventId), format)));
  }
  let messages$ = values$.pipe(map((value) => toMessage(value, nameOfData)));
  if (validate) {
    const maxWaiting = Math.ceil(overflow.maxBytes / SHORTEST_FRAME);
    messages$ = messages$.pipe(validated({ validate, onInvalid, demand, maxWaiting, onDropped }));
  }
  if (!pipe) {
    return messages$.pipe(map((message) => encodeMessage(withId(message, eventId), format)));
  }
  return pipe(messages$.pipe(map((message) => withId(message, eventId)))).pipe(
    takeUntil(stopped$),
    map((message) => encodeMessage(message, format)),
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
