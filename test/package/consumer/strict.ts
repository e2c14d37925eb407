import { Module, type MessageEvent } from '@nestjs/common';
import * as views from 'nestjs-sse-views';
import * as postgres from 'nestjs-sse-views/postgres';
import { redisBackplane } from 'nestjs-sse-views/redis';
import * as testing from 'nestjs-sse-views/testing';

const { ServerSentEventsView, sseEvent, SseModule } = views;
export const everything = [views, postgres, testing];

/** Values of the environment are strings or undefined. */
const retry = process.env['RETRY'] === undefined ? undefined : Number(process.env['RETRY']);

interface Price {
  readonly symbol: string;
}

export class PricesView extends ServerSentEventsView<Price> {
  override readonly retry = retry;

  *events() {
    yield { symbol: 'ACME' };
    yield { event: undefined, data: { symbol: 'ACME' }, id: undefined };
    yield sseEvent({ comment: 'none' });
  }
}

export class NestsMessages extends ServerSentEventsView<Price> {
  // @ts-expect-error the event of @Sse() is no event here
  *events(): Generator<MessageEvent> {
    yield { type: 'price', data: { symbol: 'ACME' } };
  }
}

@Module({
  imports: [
    SseModule.forRoot({
      retry,
      heartbeat: undefined,
      overflow: { maxBytes: undefined },
      backplane: redisBackplane({ url: process.env['REDIS_URL'] }),
    }),
    SseModule.forFeature([{ name: 'news', history: { maxEvents: retry }, schema: undefined }]),
  ],
})
export class StrictModule {}
