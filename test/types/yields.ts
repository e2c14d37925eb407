/* What a view may yield. Each `@ts-expect-error` is a line that must not compile; the compiler checks that. */
import { from, of, type Observable } from 'rxjs';
import type { MessageEvent } from '@nestjs/common';
import {
  ServerSentEvent,
  ServerSentEventsView,
  sseEvent,
  SseRoute,
  type SseEvent,
  type SseSource,
  type SseYield,
} from 'nestjs-sse-views';

class Price {
  symbol!: string;
  price!: number;
}
class PriceEvent extends ServerSentEvent(Price) {}
const price: Price = { symbol: 'ACME', price: 1 };

export class RightYields extends ServerSentEventsView<Price> {
  async *events() {
    yield price;
    yield { symbol: 'ACME', price: 1 };
    yield { data: price };
    yield { event: 'price', data: price, id: '1', retry: 5, comment: 'c' };
    yield { data: price, id: 1 };
    yield sseEvent({ comment: 'no data' });
    yield sseEvent({ retry: 5 });
    yield sseEvent({ raw: '[DONE]' });
    yield sseEvent({ event: 'price', data: price, id: 1 });
    yield new PriceEvent({ event: 'price', data: price });
  }
}

export class WrongData extends ServerSentEventsView<Price> {
  // @ts-expect-error price is no number
  async *events() {
    yield { symbol: 'ACME', price: 'dear' };
  }
}

export class NestsMessage extends ServerSentEventsView<Price> {
  // @ts-expect-error Nest's event calls its name `type`, and would be data here
  async *events() {
    yield { type: 'price', data: price, id: '1' };
  }
}

export class NestsMessageType extends ServerSentEventsView<Price> {
  // @ts-expect-error Nest's event would be data here
  events(): Observable<MessageEvent> {
    return of({ type: 'price', data: price });
  }
}

export class NestsMessageOnARoute {
  // @ts-expect-error Nest's event would be data here
  @SseRoute('prices', { responseSchema: Price })
  async *prices() {
    yield { type: 'price', data: price };
  }
}

export class CommentByHand extends ServerSentEventsView<Price> {
  // @ts-expect-error an event without data is made by name
  async *events() {
    yield { comment: 'no data' };
  }
}

export class MadeOfWrongData extends ServerSentEventsView<Price> {
  // @ts-expect-error no price
  async *events() {
    yield sseEvent({ data: { symbol: 'ACME' } });
  }
}

export class RowWithEnvelopeKeys extends ServerSentEventsView<{ id: number; comment: string }> {
  async *events() {
    yield { id: 7, comment: 'nice' };
  }
}

export class UnionOfData extends ServerSentEventsView<Price | { halted: true } | boolean | null> {
  async *events() {
    const either = Math.random() > 0.5 ? price : { halted: true as const };
    yield either;
    yield { data: either };
    yield { event: 'either', data: Math.random() > 0.5 ? either : null };
    yield { data: Math.random() > 0.5 };
  }
}

/** A view whose own type parameter is not known yet. */
export abstract class RowsView<T extends object> extends ServerSentEventsView<T> {
  abstract rows(): AsyncIterable<T>;

  async *events() {
    for await (const row of this.rows()) {
      yield row;
      yield { event: 'row', data: row };
      yield sseEvent({ event: 'row', data: row });
    }
  }
}

export abstract class DeclaredRowsView<T> extends ServerSentEventsView<T> {
  abstract rows(): Iterable<T>;

  async *events(): AsyncGenerator<SseYield<T>> {
    for (const data of this.rows()) {
      yield data;
      yield { data };
    }
  }
}

// @ts-expect-error an event has something to send
export const empty = sseEvent({});
// @ts-expect-error clients dispatch no event without data
export const nameAlone = sseEvent({ event: 'price' });
// @ts-expect-error raw takes the place of data
export const both = sseEvent({ data: 1, raw: '1' });
// @ts-expect-error the name of an event is called event
export const wrongName = sseEvent({ type: 'price', data: 1 });

export class MissingField extends ServerSentEventsView<Price> {
  // @ts-expect-error price is missing
  async *events() {
    yield { symbol: 'ACME' };
  }
}

export class WrongDataInEnvelope extends ServerSentEventsView<Price> {
  // @ts-expect-error the envelope's data are no Price
  async *events() {
    yield { event: 'price', data: { symbol: 'ACME' } };
  }
}

export class OneWrongYieldAmongMany extends ServerSentEventsView<Price> {
  // @ts-expect-error the second one is wrong
  async *events() {
    yield price;
    yield 'text';
  }
}

export class WrongEventName extends ServerSentEventsView<Price> {
  // @ts-expect-error a name is a string
  async *events() {
    yield { event: 5, data: price };
  }
}

export class WrongRetry extends ServerSentEventsView<Price> {
  // @ts-expect-error retry is a number
  async *events() {
    yield { retry: '5s', data: price };
  }
}

export class EnvelopeOfAnotherModel extends ServerSentEventsView<Price> {
  // @ts-expect-error the class's data are another model's
  async *events() {
    class Halt {
      reason!: string;
    }
    yield new (ServerSentEvent(Halt))({ data: { reason: 'volatility' } });
  }
}

export class FromArray extends ServerSentEventsView<Price> {
  events() {
    return [price, { data: price }];
  }
}

export class FromObservable extends ServerSentEventsView<Price> {
  events(): Observable<SseEvent<Price>> {
    return of(price, { event: 'price', data: price });
  }
}

export class FromPromise extends ServerSentEventsView<Price> {
  async events() {
    return Promise.resolve(from([price]));
  }
}

export class FromWrongObservable extends ServerSentEventsView<Price> {
  // @ts-expect-error numbers are no prices
  events() {
    return of(1, 2);
  }
}

export class FromNoStream extends ServerSentEventsView<Price> {
  // @ts-expect-error one event is no stream of them
  events() {
    return { data: price };
  }
}

export class WithParameters extends ServerSentEventsView<Price> {
  *events(symbol: string, signal: AbortSignal, last?: string): Generator<Price> {
    yield { symbol: symbol + String(last), price: Number(signal.aborted) };
  }
}

export class Untyped extends ServerSentEventsView {
  *events() {
    yield 1;
    yield { anything: true };
    yield { event: 'price', data: null };
  }
}

export class Primitives extends ServerSentEventsView<number | null> {
  *events() {
    yield 1;
    yield null;
    yield { event: 'n', data: 0 };
  }
}

// @ts-expect-error a view says what it streams
export class WithoutEvents extends ServerSentEventsView<Price> {}

export const source: SseSource<Price> = [price, { data: price }];
// @ts-expect-error no price
export const wrongSource: SseSource<Price> = ['ACME'];

// @ts-expect-error an envelope of the class has data
export const withoutData = new PriceEvent({ event: 'price' });
// @ts-expect-error of the model's type
export const withWrongData = new PriceEvent({ data: { symbol: 5, price: 1 } });
export const dataOfEnvelope: Price = new PriceEvent({ data: price }).data;
