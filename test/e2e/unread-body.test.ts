import { Controller, Req, RequestMethod } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { SseConnections, SseRoute, SseSignal } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { RawClient } from '../support/raw-client';
import { aborted, until } from '../support/until';

afterEach(closeApps);

describe.each(ADAPTERS)('a request with a body that nobody reads, on %s', (adapter) => {
  const start = (controller: new () => object, bodies: 'unread' | 'parsed' = 'unread') =>
    startApp(adapter, {
      controllers: [controller],
      sse: { heartbeat: false },
      prepare: (nest) => {
        if (adapter === 'fastify' && bodies === 'unread') {
          const server = nest.getHttpAdapter().getInstance() as {
            addContentTypeParser(
              type: string,
              parse: (request: unknown, body: unknown, done: () => void) => void,
            ): void;
          };
          server.addContentTypeParser('application/x-unread', (_request, _body, done) => done());
        }
      },
    });

  /** Sends all of a body that is longer than Node reads ahead. */
  const post = (port: number, path: string, length: number): RawClient =>
    new RawClient(port, path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-unread' },
      body: 'x'.repeat(length),
    });

  it.each([
    ['a body of 1 KB', 1_000],
    ['a body of 300 KB', 300_000],
    ['a body of 20 MB', 20_000_000],
  ])('notices at once that the client left, with %s', async (_what, length) => {
    let ended = 0;
    @Controller('view')
    class View {
      @SseRoute({ method: RequestMethod.POST })
      async *events(@SseSignal() signal: AbortSignal) {
        try {
          yield 'first';
          await aborted(signal);
        } finally {
          ended++;
        }
      }
    }
    const app = await start(View);
    const client = post(app.port, '/view', length);
    await client.untilBody((body) => body.includes('first'));
    client.leave();
    await until(() => ended === 1 && app.app.get(SseConnections).count === 0, 2_000);
  });

  it('gives an error, and not a body without its beginning, to a source that reads it too late', async () => {
    let given: IncomingMessage | undefined;
    @Controller('view')
    class View {
      @SseRoute({ method: RequestMethod.POST })
      async *events(@SseSignal() signal: AbortSignal) {
        yield 'first';
        await aborted(signal);
      }
    }
    const app = await startApp(adapter, {
      controllers: [View],
      prepare: (nest) => {
        nest.use((request: IncomingMessage, _response: unknown, next: () => void) => {
          given = request;
          next();
        });
        if (adapter === 'fastify') {
          const server = nest.getHttpAdapter().getInstance() as {
            addContentTypeParser(
              type: string,
              parse: (request: unknown, body: unknown, done: () => void) => void,
            ): void;
          };
          server.addContentTypeParser('application/x-unread', (_request, _body, done) => done());
        }
      },
    });
    const client = new RawClient(app.port, '/view', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-unread', 'Content-Length': '1000000' },
    });
    client.socket.write('x'.repeat(300_000));
    await client.untilBody((body) => body.includes('first'));
    const read = async (): Promise<void> => {
      for await (const chunk of given!) {
        void chunk;
      }
    };
    await expect(read()).rejects.toThrow('was discarded when its stream was opened');
  });

  it('leaves it to a method that takes the request, with all that came before it reads', async () => {
    @Controller('view')
    class View {
      @SseRoute({ method: RequestMethod.POST })
      async *events(@Req() request: IncomingMessage & { raw?: IncomingMessage }) {
        yield 'first';
        let length = 0;
        for await (const chunk of request.raw ?? request) {
          length += (chunk as Buffer).length;
        }
        yield String(length);
      }
    }
    const app = await start(View);
    const client = post(app.port, '/view', 1_000_000);
    await client.untilBody((body) => body.includes('"1000000"'));
  });
});
