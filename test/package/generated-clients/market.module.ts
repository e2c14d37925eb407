import { Body, Controller, Get, Module, NotFoundException, Query, RequestMethod } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse } from '@nestjs/swagger';
import {
  type EventsOf,
  LastEventId,
  ServerSentEventsView,
  SseConnections,
  SseRoute,
  SseSignal,
} from 'nestjs-sse-views';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ImportRequest, market, Price, Progress, Trade } from './market.data';

/** How many requests for prices there were. */
export const requests = { prices: 0 };

@Controller('prices')
export class PricesView extends ServerSentEventsView<Price> {
  static readonly responseSchema = Price;

  @ApiNotFoundResponse({ description: 'There is no such symbol.' })
  @SseRoute()
  async *events(@Query('symbol') symbol: string, @LastEventId() _lastEventId: string | undefined) {
    requests.prices++;
    if (symbol !== 'ACME') {
      throw new NotFoundException('There is no such symbol');
    }
    yield { data: { symbol, price: 1, side: 'buy' as const } };
    yield { data: { symbol, price: 2, side: 'sell' as const, levels: [{ price: 2, size: 10 }] } };
  }
}

@Controller('market')
export class MarketView extends ServerSentEventsView<EventsOf<typeof market>> {
  static readonly responseSchema = market;

  async *events() {
    yield { event: 'quote' as const, data: { kind: 'quote' as const, bid: 1 } };
    yield { event: 'trade' as const, data: { kind: 'trade' as const, amount: 2, note: null } };
    yield { event: 'halt' as const, data: { kind: 'halt' as const, reason: 'volatility' } };
  }
}

@Controller()
export class OthersController {
  constructor(private readonly connections: SseConnections) {}

  @SseRoute('trades', { responseSchema: Trade })
  async *trades() {
    yield { kind: 'trade' as const, amount: 1, note: 'first', venue: { name: 'X' } };
  }

  @SseRoute('imports', { method: RequestMethod.POST, responseSchema: Progress })
  async *imports(@Body() { rows }: ImportRequest) {
    for (const [i] of rows.entries()) {
      yield { done: i + 1, failed: [] };
    }
  }

  @SseRoute('lines', { format: 'text' })
  async *lines() {
    yield 'first line';
  }

  /** Without an end. */
  @SseRoute('ticks', { responseSchema: z.int() })
  async *ticks(@SseSignal() signal: AbortSignal) {
    for (let n = 0; !signal.aborted; n++) {
      yield n;
      await sleep(20, undefined, { signal }).catch(() => undefined);
    }
  }

  /** How many streams are open. */
  @Get('open')
  @ApiOkResponse({ schema: { type: 'object', required: ['count'], properties: { count: { type: 'integer' } } } })
  open(): { count: number } {
    return { count: this.connections.count };
  }
}

@Module({ controllers: [PricesView, MarketView, OthersController] })
export class MarketModule {}
