import { Controller, Get, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { Observable } from 'rxjs';
import { ServerSentEventsView, SseConnections, SseRoute, SseSignal } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { RawClient } from '../support/raw-client';
import { aborted, until } from '../support/until';

afterEach(closeApps);

describe.each(ADAPTERS)('app.close() on %s', (adapter) => {
  @Controller('view')
  class View extends ServerSentEventsView<string> {
    async *events(@SseSignal() signal: AbortSignal) {
      yield 'first';
      await aborted(signal);
      // What a source still gives after its signal is not for this connection.
      yield 'too late';
    }
  }

  it('ends open streams with a spread retry and no end of the stream, and returns when the clients have read it', async () => {
    const app = await startApp(adapter, { controllers: [View], sse: { shutdown: { grace: 60_000, retry: 2_000 } } });
    const clients = Array.from({ length: 20 }, () => new RawClient(app.port, '/view'));
    await Promise.all(clients.map((client) => client.untilBody((body) => body.includes('first'))));
    // Far less than the grace; the connections would be kept alive for 5 s (Express) or 72 s (Fastify).
    await app.close();
    await until(() => clients.every(({ ended }) => ended));
    const retries = clients.map(({ body }) => Number(/\n\nretry: (\d+)\n\n$/.exec(body)?.[1]));
    expect(Math.min(...retries)).toBeGreaterThanOrEqual(2_000);
    expect(Math.max(...retries)).toBeLessThanOrEqual(4_000);
    expect(new Set(retries).size).toBeGreaterThan(1);
    expect(clients.every(({ tail }) => tail.endsWith('0\r\n\r\n'))).toBe(true);
    expect(clients.some(({ body }) => body.includes('too late') || body.includes('~end'))).toBe(false);
  });

  it('destroys what does not read after the grace', async () => {
    let pulled = 0;
    @Controller('flood')
    class Flood {
      @SseRoute()
      async *flood() {
        for (;;) {
          pulled++;
          yield 'x'.repeat(10_000);
        }
      }
    }
    const app = await startApp(adapter, { controllers: [Flood], sse: { shutdown: { grace: 100 } } });
    const client = new RawClient(app.port, '/flood', { paused: true });
    const connections = app.app.get(SseConnections);
    let before = -1;
    await until(() => {
      const isBlocked = pulled > 0 && before === pulled;
      before = pulled;
      return isBlocked;
    });
    await app.close();
    expect(connections.count).toBe(0);
    client.reset();
  });

  it('takes no more streams: 503, or for EventSource a time to come back, while ordinary routes still answer', async () => {
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    @Injectable()
    class SlowToStop implements OnModuleDestroy {
      onModuleDestroy(): Promise<void> {
        return held;
      }
    }
    @Controller('view')
    class WithPlain extends ServerSentEventsView<string> {
      async *events(@SseSignal() signal: AbortSignal) {
        yield 'first';
        await aborted(signal);
      }

      @Get('plain')
      plain() {
        return 'alive';
      }
    }
    const app = await startApp(adapter, {
      controllers: [WithPlain],
      providers: [SlowToStop],
      sse: { shutdown: { retry: 1_500 } },
    });
    const client = new RawClient(app.port, '/view');
    await client.untilBody((body) => body.includes('first'));
    const closing = app.close();
    await until(() => client.tail.endsWith('0\r\n\r\n'));
    const response = await fetch(`${app.url}/view`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^[23]$/);
    // To a 503 an EventSource would never come back.
    const eventSource = await fetch(`${app.url}/view`, { headers: { Accept: 'text/event-stream' } });
    expect(eventSource.status).toBe(200);
    expect(await eventSource.text()).toMatch(/^retry: \d{4}\n\n$/);
    expect(await (await fetch(`${app.url}/view/plain`)).text()).toBe('alive');
    finish();
    await closing;
  });

  it('tells the sources before what they use is destroyed', async () => {
    const order: string[] = [];
    @Injectable()
    class Database implements OnModuleDestroy {
      onModuleDestroy(): void {
        order.push('database');
      }
    }
    @Module({ providers: [Database], exports: [Database] })
    class DatabaseModule {}
    @Controller('rows')
    class Rows extends ServerSentEventsView<string> {
      constructor(readonly database: Database) {
        super();
      }

      async *events(@SseSignal() signal: AbortSignal) {
        yield 'first';
        await aborted(signal);
        order.push('source');
      }
    }
    const app = await startApp(adapter, { controllers: [Rows], imports: [DatabaseModule] });
    const client = new RawClient(app.port, '/rows');
    await client.untilBody((body) => body.includes('first'));
    await app.close();
    expect(order).toEqual(['source', 'database']);
  });

  it('opens and ends a stream that was not open yet, so that EventSource comes back', async () => {
    let ended = 0;
    @Controller('view')
    class Unopened extends ServerSentEventsView<string> {
      events() {
        return new Observable<string>(() => () => ended++);
      }

      @SseRoute('promised')
      async promised(@SseSignal() signal: AbortSignal): Promise<string[]> {
        await aborted(signal);
        ended++;
        throw signal.reason;
      }
    }
    const app = await startApp(adapter, { controllers: [Unopened], sse: { openAfter: 60_000 } });
    const clients = ['/view', '/view/promised'].map((path) => new RawClient(app.port, path));
    await until(() => app.app.get(SseConnections).count === 2);
    await app.close();
    await until(() => clients.every(({ tail }) => tail.endsWith('0\r\n\r\n')));
    for (const client of clients) {
      expect([client.status, client.body]).toEqual([200, expect.stringMatching(/^retry: \d+\n\n$/)]);
    }
    await until(() => ended === 2);
    expect(app.log.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
