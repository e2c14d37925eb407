import { Controller, Get, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { ServerSentEventsView, SseConnections, SseRoute, SseSignal } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp, type TestApp, type TestAppOptions } from '../support/app';
import { RawClient } from '../support/raw-client';
import { aborted, until } from '../support/until';

/** Less than any of Node's own times: 5 s for an idle connection (72 s on Fastify), 60 s for a request's headers. */
const AT_ONCE = 3_000;

const sockets: Socket[] = [];
afterEach(async () => {
  sockets.splice(0).forEach((socket) => socket.destroy());
  await closeApps();
});

@Controller('view')
class View extends ServerSentEventsView<string> {
  async *events(@SseSignal() signal: AbortSignal) {
    yield 'first';
    await aborted(signal);
  }

  @SseRoute('short')
  async *short() {
    yield 'short';
  }

  @Get('plain')
  plain() {
    return 'plain';
  }
}

/** The server's ends of the connections. */
const accepted: Socket[] = [];

const start = (adapter: Parameters<typeof startApp>[0], options: TestAppOptions = {}): Promise<TestApp> =>
  startApp(adapter, {
    controllers: [View],
    prepare: (nest) => {
      accepted.length = 0;
      (nest.getHttpServer() as Server).on('connection', (socket) => accepted.push(socket));
    },
    ...options,
    sse: { shutdown: { grace: 30_000 }, ...options.sse },
  });

/** Until so many clients have sent something that the server has read. */
const untilHeard = (count: number): Promise<void> =>
  until(() => accepted.filter(({ bytesRead }) => bytesRead > 0).length === count);

/** A connection on which nothing is sent, as browsers open them ahead. */
async function silent(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** A socket that collects what comes. */
function reading(socket: Socket): { received: string } {
  const seen = { received: '' };
  socket.on('data', (chunk) => {
    seen.received += chunk.toString();
  });
  return seen;
}

async function closesWithin(app: TestApp, limit: number): Promise<void> {
  let isClosed = false;
  const closing = app.close().then(() => {
    isClosed = true;
  });
  await until(
    () => isClosed,
    limit,
    () => 'app.close() has not returned',
  );
  await closing;
}

describe.each(ADAPTERS)('the connections of a server that closes, on %s', (adapter) => {
  it.each(['closed with', 'ended before'])('do not wait for the body of a request whose stream %s it', async (when) => {
    const app = await start(adapter);
    const client = new RawClient(app.port, when === 'closed with' ? '/view' : '/view/short', {
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    await client.untilBody((body) => body.includes('data: '));
    await until(() => when === 'closed with' || app.app.get(SseConnections).count === 0);
    await closesWithin(app, AT_ONCE);
    await until(() => client.ended);
    expect(client.body).toMatch(when === 'closed with' ? /\n\nretry: \d+\n\n$/ : /\nevent: end\n/);
  });

  it('do not wait for a client that has not asked for anything', async () => {
    const app = await start(adapter);
    await silent(app.port);
    const [plain, stream] = [new RawClient(app.port, '/view/plain'), new RawClient(app.port, '/view/short')];
    await until(() => plain.received.endsWith('plain') && stream.tail.endsWith('0\r\n\r\n'));
    await expect(closesWithin(app, AT_ONCE)).resolves.toBeUndefined();
  });

  it('wait for the rest of a request as long as the grace', async () => {
    const app = await start(adapter, { sse: { shutdown: { grace: 300 } } });
    const socket = await silent(app.port);
    socket.write('GET /view HTTP/1.1\r\nHost: ');
    await untilHeard(1);
    await expect(closesWithin(app, AT_ONCE)).resolves.toBeUndefined();
  });

  it('end when the answer to an ordinary request is out', async () => {
    let isAsked = false;
    let answer = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    @Controller('slow')
    class Slow {
      @Get()
      async slow() {
        isAsked = true;
        await answered;
        return 'slow but whole';
      }
    }
    const app = await start(adapter, { controllers: [View, Slow] });
    const client = new RawClient(app.port, '/slow');
    await until(() => isAsked);
    const closing = closesWithin(app, AT_ONCE);
    await until(() => !app.app.getHttpServer().listening);
    answer();
    await closing;
    expect(client.received).toContain('slow but whole');
  });

  describe('answer EventSource with a time to come back', () => {
    /** A request whose last line comes when the server closes already. */
    const late = async (app: TestApp, accept: string) => {
      const socket = await silent(app.port);
      const seen = reading(socket);
      socket.write(`GET /view HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example\r\nAccept: ${accept}\r\n`);
      return {
        async finish(): Promise<string> {
          const ended = once(socket, 'end');
          socket.write('\r\n');
          await ended;
          return seen.received;
        },
      };
    };

    it('when the server takes no more connections', async () => {
      const app = await start(adapter);
      const source = await late(app, 'text/event-stream');
      const other = await late(app, 'text/event-stream, application/json');
      await untilHeard(2);
      const closing = closesWithin(app, AT_ONCE);
      await until(() => !app.app.getHttpServer().listening);
      expect(await source.finish()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n[^]*retry: \d+\n\n/);
      expect(await other.finish()).toMatch(/^HTTP\/1\.1 503 /);
      await closing;
    });

    it('when the adapter answers 503 from the first step of the shutdown', async () => {
      let finish = (): void => undefined;
      let isBegun = false;
      const held = new Promise<void>((resolve) => {
        finish = resolve;
      });
      @Injectable()
      class SlowToStop implements OnModuleDestroy {
        onModuleDestroy(): Promise<void> {
          isBegun = true;
          return held;
        }
      }
      const app = await start(adapter, { providers: [SlowToStop], nest: { return503OnClosing: true } });
      const closing = app.close();
      await until(() => isBegun);
      const source = new RawClient(app.port, '/view', { headers: { Origin: 'https://app.example' } });
      await until(() => source.ended);
      expect([source.status, source.body]).toEqual([200, expect.stringMatching(/^retry: \d+\n\n$/)]);
      // Else it is an error to a page of another origin, after which its EventSource is closed.
      expect(source.header('Access-Control-Allow-Origin')).toEqual(['https://app.example']);
      expect(source.header('Content-Type')).toEqual(['text/event-stream']);
      const plain = new RawClient(app.port, '/view', { headers: { Accept: '*/*' } });
      await until(() => plain.ended);
      expect(plain.status).toBe(503);
      finish();
      await closing;
    });
  });
});

describe('the sessions of HTTP/2, on Fastify', () => {
  it('do not keep a server from closing: idle after a stream, after anything else, or never used', async () => {
    const app = await start('fastify', { fastify: { http2: true } });
    const sessions: ClientHttp2Session[] = [];
    for (const path of ['/view/short', '/view/plain', undefined]) {
      const session = connectHttp2(app.url).on('error', () => undefined);
      sessions.push(session);
      await once(session, 'connect');
      if (path !== undefined) {
        const stream = session.request({ ':path': path, accept: 'text/event-stream' });
        stream.resume();
        await once(stream, 'end');
      }
    }
    await expect(closesWithin(app, AT_ONCE)).resolves.toBeUndefined();
    sessions.forEach((session) => session.destroy());
  });
});
