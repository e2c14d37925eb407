import { Controller, Get, Post, RequestMethod, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { ServerSentEventsView, SseConnections, SseRoute, SseSignal } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { RawClient } from '../support/raw-client';
import { aborted, until } from '../support/until';

afterEach(closeApps);

const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

describe.each(ADAPTERS)('requests on the socket of a stream, on %s', (adapter) => {
  const start = async () => {
    const seen = { begun: 0, ended: 0, pings: 0 };

    @Controller('view')
    class View extends ServerSentEventsView<string> {
      async *events(@SseSignal() signal: AbortSignal) {
        seen.begun++;
        try {
          yield 'first';
          await aborted(signal);
        } finally {
          seen.ended++;
        }
      }

      @SseRoute('short')
      async *short() {
        yield 'short';
      }

      /** Reads its body while it streams, beginning after its first event. */
      @SseRoute('lines', { method: RequestMethod.POST })
      async *lines(@Req() given: IncomingMessage & { raw?: IncomingMessage }) {
        yield 'ready';
        let bytes = 0;
        for await (const chunk of given.raw ?? given) {
          bytes += (chunk as Buffer).length;
          yield String(bytes);
        }
        yield 'all';
      }

      @Get('ping')
      ping() {
        seen.pings++;
        return 'pong';
      }

      @Post('ping')
      pingByPost() {
        return 'pong';
      }
    }
    const app = await startApp(adapter, {
      controllers: [View],
      prepare: (nest) => {
        if (adapter === 'fastify') {
          // As Express does: a body of a type that it does not know is left to the handler.
          const server = nest.getHttpAdapter().getInstance() as {
            addContentTypeParser(
              type: string,
              parse: (request: unknown, body: unknown, done: () => void) => void,
            ): void;
          };
          server.addContentTypeParser('application/x-lines', (_request, _body, done) => done());
        }
      },
    });
    const open = (): number => app.app.get(SseConnections).count;
    return { app, seen, open };
  };

  it('ends the socket when another request comes behind an open stream, and starts nothing for it', async () => {
    const { app, seen, open } = await start();
    const client = new RawClient(app.port, '/view');
    await client.untilBody((body) => body.includes('first'));
    client.socket.write(request('/view'));
    await until(() => client.ended && seen.ended === 1 && open() === 0);
    expect(seen.begun).toBe(1);
    // Others are not concerned.
    const other = new RawClient(app.port, '/view');
    await other.untilBody((body) => body.includes('first'));
    other.leave();
  });

  it('ends the socket when the request behind the stream is for an ordinary route, and parses no further', async () => {
    const { app, seen } = await start();
    const client = new RawClient(app.port, '/view');
    await client.untilBody((body) => body.includes('first'));
    client.socket.write(request('/view/ping').repeat(1_000));
    await until(() => client.ended && seen.ended === 1);
    expect(await (await fetch(`${app.url}/view/ping`)).text()).toBe('pong');
    // The one that ended the socket had reached the framework, and this one.
    expect(seen.pings).toBeLessThanOrEqual(2);
  });

  it('starts one stream of the thousands that one write asks for', async () => {
    const { app, seen, open } = await start();
    const client = new RawClient(app.port, '/view');
    client.socket.write(request('/view').repeat(4_000));
    await until(() => client.ended && open() === 0, 10_000);
    expect(seen.begun).toBeLessThanOrEqual(1);
    await until(() => seen.ended === seen.begun);
    expect(await (await fetch(`${app.url}/view/ping`)).text()).toBe('pong');
  });

  it('lets a stream wait for the answer to an ordinary request before it', async () => {
    const { app } = await start();
    const client = new RawClient(app.port, '/view/ping');
    client.socket.write(request('/view/short'));
    await until(() => client.tail.endsWith('0\r\n\r\n'));
    expect(client.received).toMatch(/pong[^]*text\/event-stream[^]*data: "short"/);
  });

  it('takes one request after the other when each stream has ended', async () => {
    const { app } = await start();
    const client = new RawClient(app.port, '/view/short');
    for (let round = 0; round < 5; round++) {
      await until(() => client.tail.endsWith('0\r\n\r\n'));
      client.forget();
      client.socket.write(request('/view/short'));
    }
    await until(() => client.tail.endsWith('0\r\n\r\n'));
    client.forget();
    client.socket.write(request('/view/ping'));
    await until(() => client.received.endsWith('pong'));
  });

  it('reads a body that arrives while the stream runs, and takes line breaks after it for nothing', async () => {
    const { app } = await start();
    const client = new RawClient(app.port, '/view/lines', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-lines', 'Content-Length': '200000' },
    });
    await client.untilBody((body) => body.includes('ready'));
    for (let sent = 0; sent < 200_000; sent += 50_000) {
      client.socket.write('x'.repeat(50_000));
      await client.untilBody((body) => body.includes(`"${sent + 50_000}"`));
    }
    await client.untilBody((body) => body.includes('all'));
    expect(client.ended).toBe(false);
    const stream = new RawClient(app.port, '/view');
    await stream.untilBody((body) => body.includes('first'));
    stream.socket.write('\r\n\r\n');
    expect(await (await fetch(`${app.url}/view/ping`)).text()).toBe('pong');
    expect(stream.ended).toBe(false);
    stream.leave();
  });
});
