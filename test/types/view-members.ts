/* What a view may say of its streams beside `events()`. */
import { filter, type Observable } from 'rxjs';
import { z } from 'zod';
import { ServerSentEventsView, type SseEvent, type SseMessage } from 'nestjs-sse-views';

class Price {
  symbol!: string;
  price!: number;
}

abstract class PricesView extends ServerSentEventsView<Price> {
  *events(): Generator<SseEvent<Price>> {
    yield { symbol: 'ACME', price: 1 };
  }
}

export class WithFields extends PricesView {
  static readonly responseSchema = Price;
  static readonly headers = { 'Cache-Control': 'no-cache', 'X-A': undefined, 'X-B': ['1', '2'], 'X-C': 1 };
  override readonly retry = 5_000;

  override eventId(event: SseMessage<Price>): string {
    return `${event.data?.symbol} ${event.event}`;
  }

  override pipe(events$: Observable<SseMessage<Price>>): Observable<SseMessage<Price>> {
    return events$.pipe(filter(({ data }) => data !== undefined && data.price > 0));
  }
}

export class WithGetter extends PricesView {
  override get retry(): number {
    return 5_000;
  }

  override eventId(): undefined {
    return undefined;
  }
}

export class WithMutableField extends PricesView {
  override retry = 5_000;
  override eventId = (event: SseMessage<Price>): number => event.data?.price ?? 0;
}

export class WithSchema extends PricesView {
  static readonly responseSchema = z.object({ symbol: z.string(), price: z.number() });
}

export class WithWrongRetry extends PricesView {
  // @ts-expect-error retry is a number
  override readonly retry = '5s';
}

export class WithWrongGetter extends PricesView {
  // @ts-expect-error retry is a number
  override get retry(): string {
    return '5s';
  }
}

export class WithWrongId extends PricesView {
  // @ts-expect-error an id is a string or a number
  override eventId(): boolean {
    return true;
  }
}

export class WithIdOfOtherData extends PricesView {
  // @ts-expect-error the events' data are prices
  override eventId(event: SseMessage<{ isin: string }>): string {
    return event.data?.isin ?? '';
  }
}

export class WithPipeOfOtherData extends PricesView {
  // @ts-expect-error the events' data are prices
  override pipe(events$: Observable<SseMessage<{ isin: string }>>): Observable<SseMessage> {
    return events$;
  }
}

export class WithPipeOfNoStream extends PricesView {
  // @ts-expect-error pipe gives a stream
  override pipe(): number {
    return 5;
  }
}
