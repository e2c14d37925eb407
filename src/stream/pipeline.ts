import { isObservable, type Observable } from 'rxjs';
import { encodeMessage, type SseFormat } from '../event/encode';
import { refusePromise } from '../event/refuse-promise';
import { SseSourceError, type SseValidationError } from '../event/sse.error';
import { isLikeNestMessage } from '../event/nest-message';
import type { SseMessage } from '../event/sse-event';
import { toMessage, type NameOfData } from '../event/to-message';
import type { Demand } from './demand';
import type { EventIds } from './event-ids';
import { pipedMessage } from './piped-message';
import { PipedSource, type PipedMessages } from './piped-source';
import type { PipeEvents, StreamOptions } from './stream-options';
import type { Validate } from '../validation/validate';
import { validated } from './validated';

/** The shortest frame, `data: 0\n\n`: with this, a bound in bytes is one in events, too. */
const SHORTEST_FRAME = 9;

/** What the pipeline needs of its stream. */
export interface PipelineContext {
  readonly options: StreamOptions;
  readonly demand: Demand;
  readonly onDropped: (error: SseValidationError) => void;
  readonly onThrown: (error: SseValidationError) => void;
  /** Called for data that look like Nest's `MessageEvent` where that is not what the schema says. */
  readonly onNestMessage: (() => void) | undefined;
  readonly onReleaseError: (error: unknown) => void;
}

/**
 * What was yielded → message, validated. It has no id yet.
 *
 * Each operator costs a small event as much as its encoding does: where there is none of the developer's own, `frameOfValue`
 * and `frameOfMessage` do the rest in the subscriber.
 */
export function toValidMessages(
  values$: Observable<unknown>,
  validate: Validate,
  context: PipelineContext,
): Observable<SseMessage> {
  const { demand, onDropped, onThrown, onNestMessage, onReleaseError, options } = context;
  const { nameOfData, onInvalid, overflow } = options;
  const maxWaiting = Math.ceil(overflow.maxBytes / SHORTEST_FRAME);
  return values$.pipe(
    validated({
      validate,
      nameOfData,
      onInvalid,
      demand,
      maxWaiting,
      onDropped,
      onThrown,
      onNestMessage,
      onReleaseError,
    }),
  );
}

/**
 * What was yielded → message with its id, for the developer's operators.
 *
 * @param releaseUnread releases a source that they never subscribe to.
 */
export function toPipedSource(
  values$: Observable<unknown>,
  ids: EventIds,
  context: PipelineContext,
  releaseUnread: () => void,
): PipedMessages {
  const { onNestMessage, onReleaseError, options } = context;
  const { nameOfData, validate } = options;
  const rest = { onReleaseError, releaseUnread };
  return validate
    ? new PipedSource({
        values$: toValidMessages(values$, validate, context),
        messageOf: (message) => ids.give(message),
        ...rest,
      })
    : new PipedSource({
        values$,
        messageOf: (value) => ids.give(messageOf(value, nameOfData, onNestMessage)),
        ...rest,
      });
}

/** Message → the developer's operators. */
export function throughPipe(
  messages$: Observable<SseMessage>,
  pipe: PipeEvents,
  request: unknown,
): Observable<unknown> {
  const piped$: unknown = pipe(messages$, request);
  refusePromise(piped$, 'pipe()');
  if (!isObservable(piped$)) {
    throw new SseSourceError('pipe() must return an Observable. Is a "return" missing?');
  }
  return piped$;
}

function messageOf(value: unknown, nameOfData?: NameOfData, onNestMessage?: () => void): SseMessage {
  const message = toMessage(value, nameOfData);
  if (message.data === value && isLikeNestMessage(value)) {
    onNestMessage?.();
  }
  return message;
}

/** The whole way of what was yielded, where there is no schema. */
export function frameOfValue(
  value: unknown,
  { nameOfData, format, onNestMessage }: StreamOptions,
  ids: EventIds,
): string {
  return frameWithId(messageOf(value, nameOfData, onNestMessage), ids, format);
}

/** Message → with its id → frame. */
export function frameOfMessage(message: SseMessage, { format }: StreamOptions, ids: EventIds): string {
  return frameWithId(message, ids, format);
}

/** What came out of the developer's operators → frame. */
export function frameOfPiped(value: unknown, { format }: StreamOptions): string {
  return encodeMessage(pipedMessage(value), format);
}

function frameWithId(message: SseMessage, ids: EventIds, format: SseFormat): string {
  const ownId = ids.ownId(message);
  return ownId === undefined ? encodeMessage(ids.give(message), format) : encodeMessage(message, format, ownId);
}
