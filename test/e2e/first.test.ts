import { Controller, Get, Module, NotFoundException, Query } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ServerSentEventsView, SseModule, SseRoute, SseSignal } from 'nestjs-sse-views';

@Controller('stocks')
class Stocks extends ServerSentEventsView<{ a: number }> {
  async *events(@Query('symbol') symbol: string, @SseSignal() signal: AbortSignal) {
    if (symbol === 'none') throw new NotFoundException('no such');
    for (let i = 0; i < 3 && !signal.aborted; i++) yield { event: 'price', data: { a: i } };
  }
  @SseRoute('halts') async *halts() { yield { hello: 1 }; }
  @Get('latest') latest() { return { ok: true }; }
}
@Module({ imports: [SseModule.forRoot()], controllers: [Stocks] }) class App {}

describe.each(['express', 'fastify'])('%s', (kind) => {
  it('works', async () => {
    const app = kind === 'express' ? await NestFactory.create(App, { logger: ['error'] }) : await NestFactory.create(App, new FastifyAdapter(), { logger: ['error'] });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    for (const p of ['/stocks?symbol=A', '/stocks/halts', '/stocks/latest', '/stocks?symbol=none']) {
      const r = await fetch(url + p);
      console.log(kind, p, r.status, JSON.stringify([...r.headers]), await r.text());
    }
    await app.close();
  });
});
