import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { History } from './history';
import { createRandom } from './random';
import type { StockPrice, TradingHalt } from './stock-price.dto';

/** Milliseconds between two prices of a symbol. */
const INTERVAL = 800;
/** Prices of each symbol that are kept for clients that come back: about eight minutes. */
const KEPT_PRICES = 600;
const KEPT_HALTS = 20;
/** A change of the price by this much, in per cent, halts the trading of a symbol for so many milliseconds. */
const HALT_AT = 5;
const HALT_FOR = 4_000;
const OPENING_PRICES = { ACME: 102.4, GLOBEX: 58.9, INITECH: 17.35, HOOLI: 241.6 };

interface Stock {
  readonly prices: History<StockPrice>;
  haltedUntil: number;
}

/** A simulated market: the price of each symbol walks at random, and now and then leaps. */
@Injectable()
export class PriceFeed implements OnModuleInit, OnModuleDestroy {
  private readonly random = createRandom(20);
  private readonly stocks = new Map<string, Stock>();
  private readonly halts = new History<TradingHalt>(KEPT_HALTS, firstSequence());
  private timer: NodeJS.Timeout | undefined;

  constructor() {
    for (const [symbol, price] of Object.entries(OPENING_PRICES)) {
      this.stocks.set(symbol, { prices: new History(KEPT_PRICES, firstSequence()), haltedUntil: 0 });
      this.setPrice(symbol, price);
    }
  }

  onModuleInit(): void {
    this.timer = setInterval(() => this.tick(), INTERVAL);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  knows(symbol: string): boolean {
    return this.stocks.has(symbol);
  }

  latest(): StockPrice[] {
    return [...this.stocks.values()].map(({ prices }) => prices.latest!);
  }

  /** The prices of a symbol after the one with this sequence number, then each new one. */
  followPrices(symbol: string, after: number | undefined, signal: AbortSignal): AsyncIterable<StockPrice> {
    return this.stocks.get(symbol)!.prices.follow(after, signal);
  }

  /** The trading halts after the one with this sequence number, then each new one. */
  followHalts(after: number | undefined, signal: AbortSignal): AsyncIterable<TradingHalt> {
    return this.halts.follow(after, signal);
  }

  setPrice(symbol: string, price: number): StockPrice {
    const stock = this.stocks.get(symbol)!;
    const before = stock.prices.latest?.price ?? price;
    const entry = stock.prices.append((sequence) => ({ symbol, price, sequence, at: new Date().toISOString() }));
    const change = round((price / before - 1) * 100);
    if (Math.abs(change) >= HALT_AT) {
      stock.haltedUntil = Date.now() + HALT_FOR;
      const until = new Date(stock.haltedUntil).toISOString();
      this.halts.append((sequence) => ({ symbol, change, until, sequence }));
    }
    return entry;
  }

  private tick(): void {
    for (const [symbol, { prices, haltedUntil }] of this.stocks) {
      const { price } = prices.latest!;
      this.setPrice(symbol, haltedUntil > Date.now() ? price : this.step(price, OPENING_PRICES[symbol as never]));
    }
  }

  /** Small steps, drawn towards the opening price so that no price runs away; one in forty is a leap. */
  private step(price: number, opening: number): number {
    const size = this.random() < 1 / 40 ? 0.08 : 0.006;
    const drift = (opening / price - 1) * 0.02;
    return Math.max(0.01, round(price * (1 + drift + (this.random() * 2 - 1) * size)));
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/**
 * Tenths of a second: after a restart the numbers go on behind the earlier ones, as long as prices come slower than that.
 */
function firstSequence(): number {
  return Math.floor(Date.now() / 100);
}
