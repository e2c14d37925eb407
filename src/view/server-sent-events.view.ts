import { UseGuards } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { SseMessage } from '../event/sse-event';
import type { EventData, SseSource } from '../validation/yield-types';
import type { PipedEvent } from '../stream/stream-options';
import { SseRouteGuard } from './sse-route.guard';

/**
 * Base of a controller that streams Server-Sent Events: what `events()` yields becomes the events of a `GET` route at the
 * controller's path. Everything else of a controller works as ever: dependency injection, guards, pipes, interceptors,
 * filters, versions, scopes and ordinary routes beside the stream.
 *
 * Two statics say more: `responseSchema`, what the data of `events()` are validated against and documented with (a class, a
 * Standard Schema, or a record of them by event name), and `headers` of every stream of the view. They are not declared
 * here, so that a view need not write `override`.
 *
 * @typeParam T the type of the events' data; `EventsOf<typeof schemas>` where `responseSchema` is a record by event name.
 *
 * @example
 * ```ts
 * @Controller('stocks')
 * export class StockPricesView extends ServerSentEventsView<StockPrice> {
 *   static readonly responseSchema = StockPrice;
 *
 *   async *events(@Query('symbol') symbol: string, @SseSignal() signal: AbortSignal) {
 *     for await (const price of this.feed.follow(symbol, { signal })) {
 *       yield { event: 'price', data: price };
 *     }
 *   }
 * }
 * ```
 */
@UseGuards(SseRouteGuard)
export abstract class ServerSentEventsView<T = unknown> {
  /**
   * The stream: an async generator, or anything that gives an `AsyncIterable`, an `Iterable` or an `Observable`, promised or
   * not. Parameters are decorated as on any route. An error before the first event reaches the exception filters and keeps
   * its status; a promise is awaited before the headers, whatever time it takes.
   *
   * The status is 200: `EventSource` streams no other. `null`, or a promise of it, answers `204 No Content`, after which
   * `EventSource` does not return. A status without a body (204, 205, 304) that the method or an interceptor sets on the
   * response is sent in the place of an empty stream. Any other one is an error, `SseSourceError`, and so is one of these when
   * there is an event: for an error, throw an `HttpException`.
   *
   * A body of the request that nobody has read is dropped when the method is called, unless it takes the request, the response
   * or the body as a parameter.
   *
   * When the client goes, `@SseSignal()` aborts and the iterable is returned (a `Readable` is destroyed, a `ReadableStream`
   * cancelled, an `Observable` unsubscribed). A generator that waits for something must wire the signal into that wait, or its
   * `finally` runs when the wait is over. A `Readable` or `ReadableStream` that may be silent is best returned as it is.
   */
  abstract events(...args: never[]): SseSource<T>;
}

/** What a view may add. Declared apart from the class, so that a field, a getter or a method may implement it. */
export interface ServerSentEventsView<T = unknown> {
  /**
   * Milliseconds that clients wait before they reconnect, sent once when a stream of this view opens: a field or a getter.
   *
   * @default undefined: what the module says, else the client's own
   */
  readonly retry?: number | undefined;

  /**
   * The id of an event of `events()` that has none of its own; `undefined` sends no id. Called with the validated event.
   *
   * @default a random UUID for each event; see `SseStreamOptions.eventId` for the streams that have none
   */
  eventId?(event: SseMessage<EventData<T>>): string | number | undefined;

  /**
   * RxJS operators on the events of `events()`, after validation and before they are written. They may give the messages that
   * they get, changed or not, or events as a handler yields them; anything else ends the stream with an error.
   *
   * A pulled source waits for the client through them, as long as they do not keep events for themselves.
   *
   * @param request the framework's request: Express's, or Fastify's.
   */
  pipe?(events$: Observable<SseMessage<EventData<T>>>, request: unknown): Observable<PipedEvent>;
}
