import type { Type } from '@nestjs/common';
import { SseEnvelopeBase, type SseEnvelope } from './sse-event';
import { describeModel } from './swagger-metadata';

/** The class of the envelopes of one model. */
export interface ServerSentEventClass<T> {
  new (fields: SseEnvelope<T>): SseEnvelopeBase<T>;
  /** The class of the data. */
  readonly model: Type<T>;
}

const classes = new WeakMap<Type, ServerSentEventClass<never>>();

/**
 * The class of a model's event envelopes, for documents and types (as `PartialType` is for DTOs). Its instances may be
 * yielded; given as a `responseSchema` it stands for the model.
 *
 * The class is called `<Model>Event`. A model always gives the same class.
 *
 * @example
 * ```ts
 * class PriceEvent extends ServerSentEvent(Price) {}
 * yield new PriceEvent({ event: 'price', data: price });
 * ```
 */
export function ServerSentEvent<T>(model: Type<T>): ServerSentEventClass<T> {
  const known = classes.get(model);
  if (known) {
    return known as unknown as ServerSentEventClass<T>;
  }
  class ModelEvent extends SseEnvelopeBase<T> {
    static readonly model = model;

    constructor(fields: SseEnvelope<T>) {
      super();
      Object.assign(this, fields);
    }
  }
  Object.defineProperty(ModelEvent, 'name', { value: `${model.name}Event` });
  describeModel(ModelEvent, {
    event: { type: String, required: false, description: 'Name of the event.' },
    data: { type: () => model, required: true },
    id: { type: String, required: false, description: 'Id of the event; clients send it back as Last-Event-ID.' },
    retry: { type: Number, required: false, minimum: 0, description: 'Milliseconds to wait before reconnecting.' },
    comment: { type: String, required: false, description: 'Text that clients ignore.' },
  });
  classes.set(model, ModelEvent as unknown as ServerSentEventClass<never>);
  return ModelEvent;
}

/** Whether a class was made by `ServerSentEvent(Model)`, or extends one that was. */
export function isServerSentEventClass(value: unknown): value is ServerSentEventClass<unknown> {
  return typeof value === 'function' && value.prototype instanceof SseEnvelopeBase && 'model' in value;
}
