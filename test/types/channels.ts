/* Channels: what may be published, what a subscriber reads, and which view may stream which channel. */
import { z } from 'zod';
import {
  ChannelView,
  InjectChannel,
  ServerSentEvent,
  ServerSentEventsView,
  sseEvent,
  SseModule,
  SseRoute,
  type Backplane,
  type EventsOf,
  type SseChannel,
  type SseChannelOptions,
  type SseSubscriptionEvent,
} from 'nestjs-sse-views';

class Price {
  symbol!: string;
  price!: number;
}
class Halt {
  reason!: string;
}
const schemas = { price: Price, halt: z.object({ minutes: z.string().transform(Number) }) };
type Market = EventsOf<typeof schemas>;
class PriceEvent extends ServerSentEvent(Price) {}
const price: Price = { symbol: 'ACME', price: 1 };

declare const prices: SseChannel<Price>;
declare const market: SseChannel<Market>;
declare const anything: SseChannel;

export async function publishing(): Promise<void> {
  await prices.publish(price);
  await prices.publish({ event: 'price', data: price, comment: 'c' }, { key: 'k', topic: 'user/1' });
  const { id, duplicate }: { id: string; duplicate: boolean } = await prices.publish({ data: price });
  console.log(id, duplicate);
  // @ts-expect-error price is no number
  await prices.publish({ symbol: 'ACME', price: 'dear' });
  // @ts-expect-error price is missing
  await prices.publish({ data: { symbol: 'ACME' } });
  // @ts-expect-error another model's data
  await prices.publish({ data: { reason: 'volatility' } });
  // @ts-expect-error a key is a string
  await prices.publish(price, { key: 5 });
  // @ts-expect-error no such option
  await prices.publish(price, { topics: ['a'] });
  await prices.publish(sseEvent({ event: 'price', data: price }));
  await prices.publish(sseEvent({ raw: '[DONE]' }));
  await prices.publish(new PriceEvent({ event: 'price', data: price }));
  // @ts-expect-error a comment alone is nothing to publish
  await prices.publish(sseEvent({ comment: 'c' }));
  // @ts-expect-error nor is a time
  await prices.publish(sseEvent({ retry: 5 }));
  // @ts-expect-error Nest's event calls its name `type`
  await prices.publish({ type: 'price', data: price });
  await anything.publish(5);
  await anything.publish({ event: 'e', data: null });
}

declare const either: SseChannel<Price | Halt>;
declare const flags: SseChannel<boolean>;
declare const names: SseChannel<string | null>;

export async function publishingOfAUnion(one: Price | Halt, flag: boolean, name: string | null): Promise<void> {
  await either.publish({ data: one });
  await either.publish({ event: 'e', data: price });
  await either.publish(one);
  await flags.publish({ data: flag });
  await flags.publish(flag);
  await names.publish({ data: name });
  await names.publish({ data: null });
  await names.publish(name);
  // @ts-expect-error neither of them
  await either.publish({ data: { symbol: 'ACME' } });
  // @ts-expect-error no boolean
  await flags.publish({ data: 'yes' });
}

/** A service whose type parameter is not known yet. */
export class Feed<T extends object> {
  constructor(private readonly channel: SseChannel<T>) {}

  async send(data: T): Promise<void> {
    await this.channel.publish(data);
    await this.channel.publish({ event: 'e', data });
    await this.channel.publish(sseEvent({ event: 'e', data }));
  }
}

export async function publishingOfARecord(): Promise<void> {
  await market.publish({ event: 'price', data: price });
  // What the schema takes, not what it makes of it.
  await market.publish({ event: 'halt', data: { minutes: '5' } });
  // @ts-expect-error there is no such event
  await market.publish({ event: 'trade', data: price });
  // @ts-expect-error these are another event's data
  await market.publish({ event: 'halt', data: price });
  // @ts-expect-error the output of the schema is not its input
  await market.publish({ event: 'halt', data: { minutes: 5 } });
  // @ts-expect-error a name must be given
  await market.publish({ data: price });
  // @ts-expect-error data alone have no name
  await market.publish(price);
  await market.publish(sseEvent({ event: 'price' as const, data: price }));
  await market.publish(sseEvent({ raw: '[DONE]' }));
  // @ts-expect-error these are another event's data
  await market.publish(sseEvent({ event: 'halt', data: price }));
  // @ts-expect-error a comment alone is nothing to publish
  await market.publish(sseEvent({ comment: 'c' }));
}

export async function reading(signal: AbortSignal): Promise<void> {
  for await (const event of prices.subscribe({ after: 'id', from: 'oldest', topic: 'a', signal })) {
    const id: string = event.id;
    if (event.kind === 'event') {
      const data: Price = event.data;
      const name: string | undefined = event.event;
      console.log(id, name, data.price);
      // @ts-expect-error there is no such property
      console.log(event.data.volume);
      // @ts-expect-error everybody shares the event
      event.data = price;
    } else if (event.kind === 'gap') {
      const reason: 'trimmed' | 'reset' | 'invalid' | 'overflow' = event.data.reason;
      console.log(reason, event.data.from, event.data.position);
    } else {
      const { position }: { position: string } = event.data;
      const start: 'start' = event.kind;
      console.log(position, start);
    }
    // @ts-expect-error which it is, is not known yet
    console.log(event.data.price);
  }
}

export async function readingARecord(): Promise<void> {
  for await (const event of market.subscribe()) {
    if (event.kind !== 'event') {
      continue;
    }
    if (event.event === 'price') {
      const data: Price = event.data;
      console.log(data);
      // @ts-expect-error these are another event's data
      console.log(event.data.minutes);
    } else {
      const halt: 'halt' = event.event;
      const data: { minutes: string } = event.data;
      console.log(halt, data);
    }
  }
}

export function filtering(): void {
  prices.subscribe({ filter: ({ data, event, id }) => data.price > 5 && event === 'price' && id !== '' });
  market.subscribe({ filter: (event) => event.event === 'halt' || event.data.price > 5 });
  // @ts-expect-error there is no such property
  prices.subscribe({ filter: ({ data }) => data.volume > 5 });
  // @ts-expect-error a promise would always be yes
  prices.subscribe({ filter: async ({ data }) => data.price > 5 });
  // @ts-expect-error an id is a string
  prices.subscribe({ after: 5 });
  // @ts-expect-error no such beginning
  prices.subscribe({ from: 'newest' });
}

export class WholeRoute extends ChannelView<Price> {
  static readonly channel = 'prices';
  override readonly from = 'oldest';
  override readonly retry = 5;

  override topic({ params }: { params: { symbol: string } }) {
    return params.symbol;
  }

  override async filter() {
    return ({ data }: { readonly data: Price }) => data.price > 5;
  }
}

export class WrongTopic extends ChannelView<Price> {
  // @ts-expect-error a topic is a string
  override topic() {
    return 5;
  }
}

export class WrongFilter extends ChannelView<Price> {
  // @ts-expect-error a filter says yes or no
  override filter() {
    return () => 'yes';
  }
}

export class WrongFrom extends ChannelView<Price> {
  // @ts-expect-error no such beginning
  override readonly from = 'newest';
}

export class WithAStreamOfItsOwn extends ChannelView<Price> {
  override async *events(symbol: string, signal: AbortSignal) {
    yield price;
    yield* this.channel.subscribe({ topic: symbol, signal });
  }
}

export class WithAnotherReturn extends ChannelView<Price> {
  override async events(symbol: string) {
    return this.channel.subscribe({ topic: symbol });
  }
}

export class YieldsAnother extends ChannelView<Price> {
  // @ts-expect-error halts are no prices
  override async *events() {
    yield new Halt();
    yield* this.channel.subscribe();
  }
}

export class OfAPlainView extends ServerSentEventsView<Price> {
  constructor(@InjectChannel('prices') private readonly feed: SseChannel<Price>) {
    super();
  }

  async *events(signal: AbortSignal) {
    yield sseEvent({ comment: 'welcome' });
    for await (const event of this.feed.subscribe({ signal })) {
      yield event;
      if (event.kind === 'event') {
        yield { ...event, data: { ...event.data, price: event.data.price * 2 } };
      }
    }
  }
}

export class Returned extends ServerSentEventsView<Price> {
  events() {
    return prices.subscribe();
  }
}

export class OfAnotherChannel extends ServerSentEventsView<Halt> {
  // @ts-expect-error prices are no halts
  async *events() {
    yield* prices.subscribe();
  }
}

export class ReturnsAnotherChannel extends ServerSentEventsView<Halt> {
  // @ts-expect-error prices are no halts
  events() {
    return prices.subscribe();
  }
}

export class OfARecord extends ServerSentEventsView<Market> {
  async *events() {
    yield { event: 'halt' as const, data: { minutes: '5' } };
    yield* market.subscribe();
  }
}

export class RecordReturned extends ChannelView<Market> {
  override events() {
    return market.subscribe();
  }
}

export class RecordOfAnother extends ServerSentEventsView<Market> {
  // @ts-expect-error prices have no name of the record
  async *events() {
    yield* prices.subscribe();
  }
}

export class Routes {
  @SseRoute('prices', { responseSchema: Price })
  prices() {
    return prices.subscribe();
  }

  @SseRoute('market', { responseSchema: schemas })
  async *market() {
    yield* market.subscribe();
  }

  // @ts-expect-error prices are no halts
  @SseRoute('halts', { responseSchema: Halt })
  halts() {
    return prices.subscribe();
  }

  @SseRoute('anything')
  anything() {
    return anything.subscribe();
  }
}

export const gapsOnly = (event: SseSubscriptionEvent<Price>): string | undefined =>
  event.kind === 'gap' ? event.data.from : undefined;

export const channels: SseChannelOptions[] = [
  { name: 'a' },
  { name: 'b', schema: Price, history: { maxEvents: 5 }, serializerOptions: { groups: ['a'] } },
  { name: 'c', schema: schemas },
  { name: 'd', schema: z.number(), history: {} },
  // @ts-expect-error a name is needed
  { schema: Price },
  // @ts-expect-error no such option
  { name: 'e', histroy: {} },
  // @ts-expect-error no such bound
  { name: 'e', history: { maxEvent: 5 } },
  // @ts-expect-error milliseconds
  { name: 'e', history: { maxAge: '5s' } },
  // @ts-expect-error a string is no schema
  { name: 'e', schema: 'Price' },
];
SseModule.forFeature(channels);
// @ts-expect-error a list of channels
SseModule.forFeature({ name: 'a' });

// @ts-expect-error a backplane has four methods
export const backplane: Backplane = { start: async () => undefined, close: async () => undefined };
