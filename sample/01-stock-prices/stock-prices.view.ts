import { Body, Controller, Get, NotFoundException, Post, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import { LastEventId, ServerSentEventsView, SseRoute, SseSignal, type SseMessage } from 'nestjs-sse-views';
import { PriceFeed } from './price-feed';
import { ResumeQuery, SetPrice, StockPrice, StockQuery, TradingHalt } from './stock-price.dto';

@ApiTags('01 Stock prices')
@Controller('stocks')
export class StockPricesView extends ServerSentEventsView<StockPrice> {
  static readonly responseSchema = StockPrice;

  /** Clients that lose the connection come back after two seconds. */
  override readonly retry = 2_000;

  constructor(private readonly feed: PriceFeed) {
    super();
  }

  /** `GET /stocks?symbol=ACME` */
  @ApiBadRequestResponse({ description: 'The symbol is missing, or not one to eight capital letters.' })
  @ApiNotFoundResponse({ description: 'There is no such symbol.' })
  async *events(
    @Query() { symbol, lastEventId }: StockQuery,
    @LastEventId() header: string | undefined,
    @SseSignal() signal: AbortSignal,
  ) {
    this.assertKnown(symbol);
    // The id is `ACME-1234`; a client that comes back gets every price after that one.
    for await (const price of this.feed.followPrices(symbol, sequenceOf(header ?? lastEventId, symbol), signal)) {
      yield { event: 'price', data: price };
    }
  }

  override eventId({ data }: SseMessage<StockPrice>): string {
    return `${data!.symbol}-${data!.sequence}`;
  }

  /** `GET /stocks/halts` */
  @SseRoute('halts', { responseSchema: TradingHalt, retry: 10_000 })
  async *halts(
    @Query() { lastEventId }: ResumeQuery,
    @LastEventId() header: string | undefined,
    @SseSignal() signal: AbortSignal,
  ) {
    for await (const halt of this.feed.followHalts(sequenceOf(header ?? lastEventId, 'halt'), signal)) {
      yield { event: 'halt', data: halt, id: `halt-${halt.sequence}` };
    }
  }

  /** `GET /stocks/latest`, an ordinary route */
  @Get('latest')
  @ApiOkResponse({ type: [StockPrice] })
  latest(): StockPrice[] {
    return this.feed.latest();
  }

  /** `POST /stocks/prices`, an ordinary route */
  @Post('prices')
  @ApiCreatedResponse({ type: StockPrice })
  @ApiBadRequestResponse({ description: 'The symbol or the price is missing or not valid.' })
  @ApiNotFoundResponse({ description: 'There is no such symbol.' })
  setPrice(@Body() { symbol, price }: SetPrice): StockPrice {
    this.assertKnown(symbol);
    return this.feed.setPrice(symbol, price);
  }

  private assertKnown(symbol: string): void {
    if (!this.feed.knows(symbol)) {
      throw new NotFoundException(`There is no symbol ${symbol}`);
    }
  }
}

/** The number in an id such as `ACME-1234`, or `undefined` where the id is another's. */
function sequenceOf(id: string | undefined, prefix: string): number | undefined {
  const [, name, sequence] = /^(\w+)-(\d{1,15})$/.exec(id ?? '') ?? [];
  return name === prefix ? Number(sequence) : undefined;
}
