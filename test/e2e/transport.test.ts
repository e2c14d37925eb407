import { Controller, Header } from '@nestjs/common';
import compression from 'compression';
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { createGunzip } from 'node:zlib';
import { ServerSentEventsView, SseConnections, SseSignal } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { beforeEnd, END_FRAME } from '../support/end-frame';
import { RawClient } from '../support/raw-client';
import { parseEvents } from '../support/read-events';
import { aborted, until } from '../support/until';

afterEach(closeApps);

/** Express cannot serve HTTP/2: it replaces the prototypes of Node's requests by those of HTTP/1. */
describe('over HTTP/2, on Fastify', () => {
  const open = (session: ClientHttp2Session, path: string) => {
    const stream: ClientHttp2Stream = session.request({ ':path': path });
    const seen = { headers: {} as Record<string, unknown>, body: '', ended: false };
    stream.on('response', (headers) => Object.assign(seen.headers, headers));
    stream.on('data', (chunk: Buffer) => {
      seen.body += chunk.toString();
    });
    stream.on('end', () => {
      seen.ended = true;
    });
    stream.on('error', () => undefined);
    return { stream, seen };
  };

  it('streams without a Connection header, and a reset of one stream ends that one alone', async () => {
    const counts = { begun: 0, ended: 0 };
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      static readonly headers = { Connection: 'keep-alive' };

      async *events(@SseSignal() signal: AbortSignal) {
        counts.begun++;
        try {
          yield 'first';
          await aborted(signal);
        } finally {
          counts.ended++;
        }
      }
    }
    const app = await startApp('fastify', { controllers: [View], fastify: { http2: true }, sse: { heartbeat: 50 } });
    const session = connect(app.url);
    const [one, two] = [open(session, '/view'), open(session, '/view')];
    await until(() => one.seen.body.includes('first') && two.seen.body.includes('first'));
    expect(one.seen.headers).toMatchObject({
      ':status': 200,
      'content-type': 'text/event-stream',
      'x-accel-buffering': 'no',
    });
    expect(one.seen.headers).not.toHaveProperty('connection');
    one.stream.close(constants.NGHTTP2_CANCEL);
    await until(() => counts.ended === 1, 1_000);
    expect(app.app.get(SseConnections).count).toBe(1);
    await until(() => two.seen.body.endsWith(':\n\n'));
    await app.close();
    await until(() => two.seen.ended);
    expect(two.seen.body).toMatch(/retry: \d+\n\n$/);
    session.close();
  });

  it('holds a pulled source back for a client that does not read', async () => {
    let pulled = 0;
    let ended = false;
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      async *events() {
        try {
          for (;;) {
            pulled++;
            yield 'x'.repeat(1024);
          }
        } finally {
          ended = true;
        }
      }
    }
    const app = await startApp('fastify', { controllers: [View], fastify: { http2: true } });
    const session = connect(app.url);
    const stream = session.request({ ':path': '/view' });
    stream.pause();
    stream.on('error', () => undefined);
    let before = -1;
    await until(() => {
      const still = pulled > 0 && before === pulled;
      before = pulled;
      return still;
    });
    expect(pulled).toBeLessThan(10_000);
    session.destroy();
    await until(() => ended, 1_000);
    await until(() => app.app.get(SseConnections).count === 0);
  });
});

describe('behind a compression middleware, on Express', () => {
  const run = async (cacheControl: string | undefined) => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      static readonly headers = cacheControl === undefined ? {} : { 'Cache-Control': cacheControl };

      async *events() {
        yield 'first';
        await released;
        yield 'second'.repeat(10_000);
      }
    }
    const app = await startApp('express', {
      controllers: [View],
      prepare: (nest) => nest.use(compression({ filter: () => true, threshold: 0 })),
    });
    const client = new RawClient(app.port, '/view', { headers: { 'Accept-Encoding': 'gzip' } });
    return { client, release };
  };

  it('is left uncompressed by default, for the headers say no-transform', async () => {
    const { client, release } = await run(undefined);
    await client.untilBody((body) => body.includes('first'));
    expect(client.header('content-encoding')).toEqual([]);
    release();
    await client.untilBody((body) => body.includes('~end'));
  });

  it('flushes each batch where the route allows compression', async () => {
    const { client, release } = await run('no-store');
    const gunzip = createGunzip();
    let text = '';
    gunzip.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    // The body so far, byte for byte, as it grows.
    let fed = 0;
    const feed = (): void => {
      const body = rawBody(client);
      gunzip.write(body.subarray(fed));
      fed = body.length;
    };
    await until(() => {
      feed();
      return text.includes('first');
    });
    expect(client.header('content-encoding')).toEqual(['gzip']);
    release();
    await until(() => {
      feed();
      return text.endsWith(END_FRAME);
    });
    expect(parseEvents(beforeEnd(text))).toHaveLength(2);
  });
});

/** The bytes of the chunks that have come whole. */
function rawBody(client: RawClient): Buffer {
  let rest = client.received.slice(client.head.length + 4);
  let body = '';
  for (;;) {
    const line = rest.indexOf('\r\n');
    const size = line < 0 ? 0 : parseInt(rest.slice(0, line), 16);
    if (!size || rest.length < line + 4 + size) {
      return Buffer.from(body, 'latin1');
    }
    body += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 4 + size);
  }
}

describe.each(ADAPTERS)('with CORS on %s', (adapter) => {
  it('carries the headers that middleware, app.enableCors() and @Header() have set', async () => {
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      @Header('X-By-Decorator', 'yes')
      async *events() {
        yield 'first';
      }
    }
    const app = await startApp(adapter, {
      controllers: [View],
      prepare: (nest) => {
        nest.enableCors({ origin: 'https://app.example', credentials: true });
        nest.use((_request: unknown, response: { setHeader(name: string, value: string): void }, next: () => void) => {
          response.setHeader('X-By-Middleware', 'yes');
          next();
        });
      },
    });
    const client = new RawClient(app.port, '/view', { headers: { Origin: 'https://app.example' } });
    await client.untilBody((body) => body.includes('~end'));
    for (const [name, value] of [
      ['access-control-allow-origin', 'https://app.example'],
      ['access-control-allow-credentials', 'true'],
      ['x-by-middleware', 'yes'],
      ['x-by-decorator', 'yes'],
      ['content-type', 'text/event-stream'],
    ] as const) {
      expect([name, client.header(name)]).toEqual([name, [value]]);
    }
  });
});
