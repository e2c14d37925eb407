import type { Observable } from 'rxjs';
import type { SseFormat } from '../event/encode';
import type { SseEndEvent } from '../event/end-frame';
import type { SseEnvelope, SseEvent, SseMadeEvent, SseMessage } from '../event/sse-event';
import type { NameOfData } from '../event/to-message';
import type { Validate } from '../validation/validate';
import type { SseHeaders } from './response-headers';
import type { OnInvalid } from './invalid-event';

/** How a stream that came to its end tells the client; see `SseRouteOptions.onEnd`. */
export type OnEnd = 'stop' | 'reconnect' | 'nothing' | SseEndEvent;

/**
 * How a stream that failed after its first event tells the client; see `SseRouteOptions.onError`. A function gets the error and
 * the framework's request, and returns the event to send in the place of `stream-error`, one of the two words, or `undefined` to
 * send none.
 */
export type OnError =
  'reconnect' | 'stop' | ((error: unknown, request: unknown) => SseEvent | 'reconnect' | 'stop' | undefined);

/** Gives an event's id; `undefined` sends none. */
export type EventId = (event: SseMessage) => string | number | undefined;

/** The user's own operators on the stream. They get the framework's request, too. */
export type PipeEvents = (events$: Observable<SseMessage>, request: unknown) => Observable<PipedEvent>;

/** What the user's operators may give: the messages that they get, changed or not, or events as a handler yields them. */
export type PipedEvent = SseMessage | SseEnvelope | SseMadeEvent | SseMadeEvent<undefined>;

/** Bounds for a client that does not read. */
export interface OverflowOptions {
  /** Most bytes that wait for one client. */
  readonly maxBytes: number;
  /** What happens above it. */
  readonly policy: 'disconnect';
  /** Milliseconds after which a blocked write is given up. */
  readonly timeout: number;
}

/** Everything that one stream goes by, resolved. */
export interface StreamOptions {
  readonly format: SseFormat;
  readonly headers: SseHeaders;
  readonly heartbeat: number | false;
  readonly nameOfData: NameOfData | undefined;
  readonly onEnd: OnEnd;
  readonly onError: OnError;
  readonly onInvalid: OnInvalid;
  readonly openAfter: number;
  readonly overflow: OverflowOptions;
  readonly validate: Validate | undefined;
  readonly eventId: EventId;
  readonly pipe: PipeEvents | undefined;
  readonly retry: number | undefined;
  /** Called for data that look like Nest's `MessageEvent`, on a route without a schema. */
  readonly onNestMessage?: (() => void) | undefined;
}
