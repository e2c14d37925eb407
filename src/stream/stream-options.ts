import type { Observable } from 'rxjs';
import type { SseFormat } from '../event/encode';
import type { SseMessage } from '../event/sse-event';
import type { NameOfData } from '../event/to-message';
import type { Validate } from '../validation/validate';
import type { SseHeaders } from './response-headers';
import type { OnInvalid } from './validated';

/** How a stream that came to its end tells the client; see `SseRouteOptions.onEnd`. */
export type OnEnd = 'stop' | 'reconnect' | { readonly event: string };

/** Gives an event's id; `undefined` sends none. */
export type EventId = (event: SseMessage) => string | number | undefined;

/** The user's own operators on the stream. */
export type PipeEvents = (events$: Observable<SseMessage>) => Observable<SseMessage>;

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
  readonly onInvalid: OnInvalid;
  readonly openAfter: number;
  readonly overflow: OverflowOptions;
  readonly validate: Validate | undefined;
  readonly eventId: EventId;
  readonly pipe: PipeEvents | undefined;
  readonly retry: number | undefined;
}
