/* Views and routes whose schema is a record by event name: each yield is an envelope with a name and that name's data. */
import * as v from 'valibot';
import { z } from 'zod';
import { type } from 'arktype';
import {
  ServerSentEvent,
  ServerSentEventsView,
  sseEvent,
  SseRoute,
  type DataOf,
  type EventsOf,
  type SseEvent,
  type SseMessage,
  type SseYield,
} from 'nestjs-sse-views';

class Price {
  symbol!: string;
  price!: number;
}
class Halt {
  reason!: string;
}

const schemas = {
  price: Price,
  halt: z.object({ reason: z.string(), minutes: z.string().transform(Number) }),
  volume: v.object({ shares: v.number() }),
  open: type({ at: 'string' }),
};
type Market = EventsOf<typeof schemas>;
const price: Price = { symbol: 'ACME', price: 1 };

export class MarketView extends ServerSentEventsView<Market> {
  static readonly responseSchema = schemas;

  async *events() {
    yield { event: 'price' as const, data: price };
    // What a Standard Schema takes, not what it makes of it.
    yield { event: 'halt' as const, data: { reason: 'volatility', minutes: '5' } };
    yield { event: 'volume' as const, data: { shares: 5 }, id: 1, retry: 5, comment: 'c' };
    yield { event: 'open' as const, data: { at: 'noon' } };
    yield sseEvent({ comment: 'no data' });
    yield sseEvent({ event: 'price', data: price });
    yield sseEvent({ raw: '[DONE]' });
  }

  override eventId(event: SseMessage<Price | DataOf<typeof schemas.halt> | { shares: number } | { at: string }>) {
    return event.event;
  }
}

class PriceEvent extends ServerSentEvent(Price) {}
const envelopes = { price: PriceEvent, halt: Halt };

/** The class of an envelope stands for its model. */
export class EnvelopeClassView extends ServerSentEventsView<EventsOf<typeof envelopes>> {
  static readonly responseSchema = envelopes;

  async *events(): AsyncGenerator<SseYield<EventsOf<typeof envelopes>>> {
    yield { event: 'price', data: price };
    // @ts-expect-error these are the envelope, not its data
    yield { event: 'price', data: { event: 'price', data: price } };
  }
}

export class NamesNeedNoConst extends ServerSentEventsView<Market> {
  async *events(): AsyncGenerator<SseYield<Market>> {
    yield { event: 'price', data: price };
    // @ts-expect-error there is no such event
    yield { event: 'trade', data: price };
    // @ts-expect-error these are another event's data
    yield { event: 'halt', data: price };
    // @ts-expect-error the output of the schema is not its input
    yield { event: 'halt', data: { reason: 'volatility', minutes: 5 } };
    // @ts-expect-error a name must be given
    yield { data: price };
    // @ts-expect-error data alone have no name
    yield price;
  }
}

export class UnknownName extends ServerSentEventsView<Market> {
  // @ts-expect-error there is no such event
  async *events() {
    yield { event: 'trade' as const, data: price };
  }
}

export class DataOfAnotherName extends ServerSentEventsView<Market> {
  // @ts-expect-error these are another event's data
  async *events() {
    yield { event: 'volume' as const, data: price };
  }
}

export class NoName extends ServerSentEventsView<Market> {
  // @ts-expect-error a name must be given
  async *events() {
    yield { data: price };
  }
}

export class Routes {
  @SseRoute('right', { responseSchema: schemas })
  *right() {
    yield { event: 'price' as const, data: price };
    yield { event: 'open' as const, data: { at: 'noon' } };
  }

  // @ts-expect-error there is no such event
  @SseRoute('unknown', { responseSchema: schemas })
  *unknown() {
    yield { event: 'trade' as const, data: price };
  }

  // @ts-expect-error data alone have no name
  @SseRoute('bare', { responseSchema: schemas })
  *bare() {
    yield price;
  }
}

export class TypedEvents {
  @SseRoute({ responseSchema: { Price, Halt }, typedEvents: true })
  *instances() {
    yield new Price();
    yield new Halt();
    yield { event: 'Halt' as const, data: new Halt() };
  }

  // @ts-expect-error only with typedEvents may an instance stand alone
  @SseRoute({ responseSchema: { Price, Halt } })
  *untyped() {
    yield new Price();
  }

  // @ts-expect-error the option is off
  @SseRoute({ responseSchema: { Price, Halt }, typedEvents: false })
  *off() {
    yield new Price();
  }

  // @ts-expect-error no class of the record
  @SseRoute({ responseSchema: { Price, Halt }, typedEvents: true })
  *another() {
    yield new Date();
  }
}

export const input: DataOf<typeof schemas.halt> = { reason: 'volatility', minutes: '5' };
export const instance: DataOf<typeof Price> = price;
// @ts-expect-error a class stands for its instances
export const constructor: DataOf<typeof Price> = Price;
export const plain: SseEvent<Price> = { data: price };

/** As `createZodDto()` of nestjs-zod makes them: the instance is the output, and what is sent is the input. */
class HaltDto {
  static readonly schema = schemas.halt;
  reason!: string;
  minutes!: number;
}
export const dtoInput: DataOf<typeof HaltDto> = { reason: 'volatility', minutes: '5' };
// @ts-expect-error -- the output
export const dtoOutput: DataOf<typeof HaltDto> = { reason: 'volatility', minutes: 5 };
