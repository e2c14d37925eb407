import type { RequestMethod } from '@nestjs/common';
import type { Backplane } from '../channel/backplane';
import type { SseFormat } from '../event/encode';
import type { OptionalFields } from '../event/optional-fields';
import type { SseHeaders } from '../stream/response-headers';
import type { EventId, OnEnd, OnError, OverflowOptions, PipeEvents } from '../stream/stream-options';
import type { OnInvalid } from '../stream/invalid-event';
import type { Extraneous, SerializerOptions } from '../validation/compile-class-schema';
import type { ResponseSchema } from '../validation/response-schema';

/** How streams behave; given for one route in `@SseRoute()`, for all of them in `SseModule.forRoot()`. */
export interface SseStreamOptions {
  /**
   * How `data` is written: as JSON, strings included, or with `'text'` strings as text, one `data:` line for each line:
   * a client reads each kind of line break as LF, and a lone surrogate as U+FFFD.
   *
   * @default 'json'
   */
  format?: SseFormat | undefined;
  /**
   * Headers of the response by name; `undefined` takes a default one away. Added to those of the module and the view.
   * Whether the connection stays open is left to Node, which adds `Connection`.
   *
   * @default Content-Type: text/event-stream, Cache-Control: no-store, no-transform, X-Accel-Buffering: no
   */
  headers?: SseHeaders | undefined;
  /**
   * Milliseconds of silence after which a comment is sent, so that proxies keep the connection; `false` sends none. A whole
   * number from 50.
   *
   * @default 15000
   */
  heartbeat?: number | false | undefined;
  /**
   * What an event does whose data do not fit `responseSchema`: `'error'` logs the issues, sends the error event and ends the
   * stream; `'drop'` leaves it out, counts it, logs it, and goes on; a function returns what to send instead, or `undefined` to
   * drop it, or throws. The log gets the first ones of each minute, and the number of the others.
   * Data for which the schema throws an error do not fit, either, nor does an output that JSON cannot express.
   *
   * @default 'error'
   */
  onInvalid?: OnInvalid | undefined;
  /**
   * What happens to properties of the data that a class as `responseSchema` does not declare: `'strip'` does not send them,
   * `'keep'` sends them without a validation, `'refuse'` makes the data invalid. A property is declared by any decorator of
   * class-validator (`@Allow()` for any value) or class-transformer, by `@ApiProperty()`, or by the compiler plugin of
   * `@nestjs/swagger`. Nested objects follow it where they are validated (`@ValidateNested()` with `@Type()`); what other
   * properties hold is free-form. A Standard Schema decides itself.
   *
   * @default 'strip'
   */
  extraneous?: Extraneous | undefined;
  /**
   * Milliseconds that an asynchronous schema may take for the data of one event. After that the event is handled as invalid
   * (see `onInvalid`), and is not sent. A whole number from 1.
   *
   * @default 10000
   */
  validationTimeout?: number | undefined;
  /**
   * What a source that came to its end tells the client.
   *
   * - `'stop'` sends the event `end` with the id `~end`, on which an `EventSource` does not start the stream again. A client whose
   *   `Accept` does not name `text/event-stream` gets the id alone.
   * - `'reconnect'` sends the time after which the client shall reconnect: `retry`, up to doubled at random.
   * - `'nothing'` sends nothing. An `EventSource` comes back.
   * - `{ event, data, raw }` sends an event of your own with the id `~end`: `{ event: 'done' }`, `{ raw: '[DONE]' }`.
   *
   * @default 'stop'
   */
  onEnd?: OnEnd | undefined;
  /**
   * What a source that failed after the first event tells the client. The error is logged in each case: the first
   * of equal ones of a route with its stack and causes, then their number each minute.
   *
   * - `'reconnect'` sends the event `stream-error` with problem details, and the time after which the client shall reconnect:
   *   `retry` (or 3 seconds), up to doubled at random.
   * - `'stop'` sends `stream-error`, and ends the stream for good.
   * - A function `(error, request)` returns the event to send in its place, `'reconnect'` or `'stop'` for one of the above, or
   *   `undefined` for no event. After an event of yours the client comes back. It may not be asynchronous.
   *
   * @default 'reconnect'
   */
  onError?: OnError | undefined;
  /**
   * Milliseconds that the headers wait for the first event; after it they are sent with a comment. An error in this time keeps
   * its own HTTP status. A whole number from 0.
   *
   * @default 100
   */
  openAfter?: number | undefined;
  /**
   * Bounds for a client that does not read: `maxBytes` (default 1 MiB) that wait for it, the `policy` above that
   * (`'disconnect'`), and the `timeout` in milliseconds (default 30 000) after which a blocked write is given up, and so is the end of a stream that the client does not read.
   */
  overflow?: OptionalFields<OverflowOptions> | undefined;
  /**
   * How a class-validator instance is written: `ClassTransformOptions` of class-transformer.
   */
  serializerOptions?: SerializerOptions | undefined;
  /**
   * Names an event after the class of its data where the envelope gives no name. Where `responseSchema` is a record, the name is
   * the key of the class. A build that minifies changes the names of classes: give it a record, or names in envelopes.
   *
   * @default false
   */
  typedEvents?: boolean | undefined;
  /**
   * Gives the id of an event that has none; `undefined` sends no id.
   *
   * @default a random UUID for each event. None in a handler that reads the client's last id (`@LastEventId()`), and none in a
   * stream that has passed on an event of a channel: a client could not resume from it
   */
  eventId?: EventId | undefined;
  /**
   * Milliseconds that clients wait before they reconnect, sent once when the stream opens. A whole number from 0.
   *
   * @default undefined: the client's own, about 3 seconds in browsers
   */
  retry?: number | undefined;
  /** RxJS operators on the stream of events, after validation and before they are written; `(events$, request)`. */
  pipe?: PipeEvents | undefined;
}

/** Options of one route. */
export interface SseRouteOptions<S extends ResponseSchema = ResponseSchema> extends SseStreamOptions {
  /**
   * The HTTP method; the status of a stream is 200 for each.
   *
   * @default RequestMethod.GET
   */
  method?: RequestMethod | undefined;
  /**
   * What each event's data are validated against and documented with: a class with decorators of class-validator, a Standard
   * Schema, a class that carries one (`createZodDto()` of nestjs-zod), or a record of them by event name.
   */
  responseSchema?: S | undefined;
}

/** Options of `app.close()`. */
export interface SseShutdownOptions {
  /**
   * Milliseconds that clients have to take what was written for them, before their connections are destroyed.
   *
   * @default 5000
   */
  grace?: number | undefined;
  /**
   * Clients are told to reconnect after this many milliseconds at the earliest and twice as many at the latest, spread at
   * random, so that they do not all reconnect at once.
   *
   * @default 1000
   */
  retry?: number | undefined;
}

/** Options of `SseModule.forRoot()`: defaults for every stream of the application, and how they end with it. */
export interface SseModuleOptions extends SseStreamOptions {
  shutdown?: SseShutdownOptions | undefined;
  /**
   * What carries the events of channels. The application starts it and closes it.
   *
   * @default memoryBackplane(): this process alone
   */
  backplane?: Backplane | undefined;
}
