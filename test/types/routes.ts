/* `@SseRoute()` checks what its method returns, and its options are checked as they are written. */
import { RequestMethod } from '@nestjs/common';
import { type } from 'arktype';
import { map, of } from 'rxjs';
import * as v from 'valibot';
import { z } from 'zod';
import { ServerSentEvent, sseEvent, SseRoute, type SseRouteOptions } from 'nestjs-sse-views';

class Price {
  symbol!: string;
  price!: number;
}
const price: Price = { symbol: 'ACME', price: 1 };
const homemade = {
  '~standard': { version: 1, vendor: 'homemade', validate: (value: unknown) => ({ value }) },
} as const;

export class OfAClass {
  @SseRoute('right', { responseSchema: Price })
  async *right(symbol: string, signal: AbortSignal) {
    yield { symbol, price: Number(signal.aborted) };
    yield { event: 'price', data: price };
  }

  @SseRoute({ responseSchema: ServerSentEvent(Price) })
  *envelopeClass() {
    yield new (ServerSentEvent(Price))({ data: price });
  }

  @SseRoute('array', { responseSchema: Price })
  array() {
    return [price];
  }

  @SseRoute('observable', { responseSchema: Price })
  observable() {
    return of(price);
  }

  @SseRoute('promise', { responseSchema: Price })
  async promise() {
    return Promise.resolve([price]);
  }

  // @ts-expect-error price is no number
  @SseRoute('wrong', { responseSchema: Price })
  async *wrong() {
    yield { symbol: 'ACME', price: 'dear' };
  }

  // @ts-expect-error one event is no stream of them
  @SseRoute('no-stream', { responseSchema: Price })
  noStream() {
    return price;
  }

  // @ts-expect-error nor is a promise of one
  @SseRoute('no-promised-stream', { responseSchema: Price })
  async noPromisedStream() {
    return Promise.resolve(price);
  }

  // @ts-expect-error the decorator is one of methods
  @SseRoute('property')
  property = 1;
}

export class OfAStandardSchema {
  @SseRoute('zod', { responseSchema: z.object({ at: z.string().transform(Number) }) })
  *zod() {
    yield { at: '5' };
  }

  // @ts-expect-error what the schema takes is text
  @SseRoute('zod-output', { responseSchema: z.object({ at: z.string().transform(Number) }) })
  *zodOutput() {
    yield { at: 5 };
  }

  @SseRoute('valibot', { responseSchema: v.object({ at: v.optional(v.number(), 0) }) })
  *valibot() {
    yield { at: 5 };
    yield { data: {} };
  }

  // @ts-expect-error at is no text
  @SseRoute('valibot-wrong', { responseSchema: v.object({ at: v.number() }) })
  *valibotWrong() {
    yield { at: '5' };
  }

  @SseRoute('arktype', { responseSchema: type({ at: 'number' }) })
  *arktype() {
    yield { at: 5 };
  }

  // @ts-expect-error at is no text
  @SseRoute('arktype-wrong', { responseSchema: type({ at: 'number' }) })
  *arktypeWrong() {
    yield { at: '5' };
  }

  // One that tells the compiler nothing of its types takes anything.
  @SseRoute('homemade', { responseSchema: homemade })
  *homemade() {
    yield 'text';
    yield { event: 'price', data: price };
  }

  @SseRoute('primitive', { responseSchema: z.number() })
  *primitive() {
    yield 5;
    yield { data: 5 };
  }

  // @ts-expect-error no number
  @SseRoute('primitive-wrong', { responseSchema: z.number() })
  *primitiveWrong() {
    yield 'five';
  }
}

export class WithoutASchema {
  @SseRoute()
  *anything() {
    yield 1;
    yield price;
    yield { event: 'price', data: null };
  }

  @SseRoute(['a', 'b'], { method: RequestMethod.POST, retry: 5 })
  *severalPaths() {
    yield 1;
  }

  // @ts-expect-error a number is no stream
  @SseRoute('number')
  number() {
    return 5;
  }
}

export const options: SseRouteOptions[] = [
  { onEnd: { event: 'done' }, heartbeat: false, overflow: { maxBytes: 5 }, headers: { 'X-A': undefined } },
  { onInvalid: (error, event) => ({ event: event.event ?? 'invalid', data: error.issues }) },
  { onInvalid: () => undefined },
  { eventId: ({ event: name, data }) => `${name} ${String(data)}` },
  { pipe: (events$) => events$.pipe(map((event) => ({ ...event, data: 1 }))) },
  // @ts-expect-error no such format
  { format: 'xml' },
  // @ts-expect-error true is no time
  { heartbeat: true },
  { onEnd: 'nothing', onError: 'stop' },
  { onEnd: { event: 'end', data: { total: 5 } } },
  { onEnd: { raw: '[DONE]' } },
  { onError: (error, request) => ({ event: 'failed', data: [String(error), typeof request] }) },
  { onError: (error) => (error instanceof TypeError ? 'stop' : undefined) },
  { pipe: (events$, request) => events$.pipe(map(() => ({ data: typeof request }))) },
  { pipe: (events$) => events$.pipe(map(() => sseEvent({ comment: 'c' }))) },
  // @ts-expect-error the data alone are no event
  { pipe: (events$) => events$.pipe(map(() => ({ symbol: 'ACME' }))) },
  // @ts-expect-error no such way
  { onError: 'nothing' },
  // @ts-expect-error an event is made by a function
  { onError: { event: 'failed' } },
  // @ts-expect-error the end has its own id
  { onEnd: { event: 'done', id: '1' } },
  // @ts-expect-error no such end
  { onEnd: 'end' },
  // @ts-expect-error no such option
  { hearbeat: 5 },
  // @ts-expect-error no such policy
  { overflow: { policy: 'wait' } },
  // @ts-expect-error an id is a string or a number
  { eventId: () => true },
  // @ts-expect-error pipe gives a stream
  { pipe: () => [1] },
  // @ts-expect-error a string is no schema
  { responseSchema: 'Price' },
  // @ts-expect-error nor is an object of strings
  { responseSchema: { price: 'Price' } },
];
