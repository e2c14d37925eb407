import type { Observable } from 'rxjs';
import type { EncodedEvent } from '../event/encoded-event';
import type { ServerSentEventClass } from '../event/server-sent-event';
import type { SseEnvelope, SseEnvelopeBase, SseEvent, SseMadeEvent, SseRawEvent } from '../event/sse-event';
import type { DataSchema, ResponseSchema } from './response-schema';

interface StandardTypes<Types> {
  readonly '~standard': { readonly version: 1; readonly types?: Types };
}

/** The data that a schema accepts: an instance's properties, or a Standard Schema's input. */
export type DataOf<S> = S extends StandardTypes<infer Types> | { readonly schema: StandardTypes<infer Types> }
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : unknown
  : S extends ServerSentEventClass<infer T>
    ? T
    : S extends abstract new (...args: never[]) => infer T
      ? T
      : never;

declare const eventMap: unique symbol;

/** Marks a type parameter as "a data type for each event name" rather than the data itself. */
export interface SseEventMap<M> {
  readonly [eventMap]: M;
}

/**
 * The type parameter of a view whose `responseSchema` is a record: each yield must be an envelope with one of the names
 * and that name's data.
 *
 * @example
 * ```ts
 * const schemas = { price: Price, halt: Halt };
 * class Market extends ServerSentEventsView<EventsOf<typeof schemas>> {
 *   static readonly responseSchema = schemas;
 * }
 * ```
 */
export type EventsOf<R extends Readonly<Record<string, DataSchema>>> = SseEventMap<{ [K in keyof R]: DataOf<R[K]> }>;

/** The type parameter that stands for a schema. */
export type PayloadOf<S extends ResponseSchema> = S extends DataSchema
  ? DataOf<S>
  : S extends Readonly<Record<string, DataSchema>>
    ? EventsOf<S>
    : never;

/** The type of `data` in the events of a view's type parameter. */
export type EventData<T> = [T] extends [SseEventMap<infer M>] ? M[keyof M] : T;

type NamedEvent<M> = {
  [K in keyof M & string]: (SseEnvelope<M[K]> & { event: K }) | SseMadeEvent<M[K], K> | NamedInstance<M[K], K>;
}[keyof M & string];
/** An instance of a class of envelopes, and an event that was read from a channel. */
type NamedInstance<D, K> = SseEnvelopeBase<D> & { event: K; type?: never };
/** What a channel says itself; every stream may pass it on. */
type ChannelWord = EncodedEvent<unknown, 'start' | 'gap'>;

/**
 * What may be yielded for a view's type parameter. With `Typed`, instances whose class names the event may stand alone.
 *
 * `SseEvent<T>` stands outside of the condition: a view whose own type parameter is not known yet may yield its data. Nothing is
 * an `SseEventMap`, so it lets nothing through where `T` is one.
 */
export type SseYield<T, Typed extends boolean = false> =
  | SseEvent<T>
  | ([T] extends [SseEventMap<infer M>] ? NamedEvent<M> | (Typed extends true ? M[keyof M] : never) : never)
  | ChannelWord;

/**
 * What may be published for a channel's type parameter: the data, an envelope, or `sseEvent()` with `data` or `raw`. A comment
 * alone is nothing that a channel keeps. An `id` or a `retry` is refused when it is published.
 */
export type SsePublication<T> =
  T | SseEnvelope<T> | SseMadeEvent<T> | SseRawEvent | ([T] extends [SseEventMap<infer M>] ? NamedEvent<M> : never);

/** What a handler may return: what gives the events, `null` for `204 No Content`, or a promise of it. */
export type SseSource<T = unknown, Typed extends boolean = false> =
  | AsyncIterable<SseYield<T, Typed>>
  | Iterable<SseYield<T, Typed>>
  | Observable<SseYield<T, Typed>>
  | null
  | Promise<AsyncIterable<SseYield<T, Typed>> | Iterable<SseYield<T, Typed>> | Observable<SseYield<T, Typed>> | null>;
