import type { OptionalFields } from '../event/optional-fields';
import type { Extraneous, SerializerOptions } from '../validation/compile-class-schema';
import type { ResponseSchema } from '../validation/response-schema';
import type { Validate } from '../validation/validate';
import type { HistoryBounds } from './backplane';

/** A channel, as `SseModule.forFeature()` takes it. */
export interface SseChannelOptions {
  /** What `@InjectChannel()` and `ChannelView` name it: 1 to 64 letters, digits, `_`, `.` or `-`. */
  readonly name: string;
  /**
   * What the data of each event are validated against when they are published: a class, a Standard Schema, or a record of
   * them by event name.
   *
   * @default none: any JSON
   */
  readonly schema?: ResponseSchema | undefined;
  /**
   * How much of each topic is kept for clients that come back; whichever bound is met first trims the oldest events.
   *
   * @default { maxEvents: 1000, maxBytes: 1048576, maxAge: 300000 }
   */
  readonly history?: OptionalFields<HistoryBounds> | undefined;
  /**
   * How a class-validator instance is written: `ClassTransformOptions` of class-transformer.
   *
   * @default what `SseModule.forRoot()` says
   */
  readonly serializerOptions?: SerializerOptions | undefined;
  /**
   * What happens to properties of the data that a class as `schema` does not declare: `'strip'` does not publish them,
   * `'keep'` publishes them without a validation, `'refuse'` makes the data invalid. See the option of `SseModule.forRoot()`.
   *
   * @default what `SseModule.forRoot()` says; 'strip'
   */
  readonly extraneous?: Extraneous | undefined;
  /**
   * Milliseconds that an asynchronous schema may take for the data of one event; after that `publish()` rejects with
   * `SseValidationTimeoutError`. A whole number from 1.
   *
   * @default what `SseModule.forRoot()` says; 10000
   */
  readonly validationTimeout?: number | undefined;
}

/** A channel's options, complete. */
export interface ChannelDefinition {
  readonly name: string;
  readonly validate: Validate | undefined;
  readonly history: HistoryBounds;
}
