import { Controller, Get, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { connect, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { once } from 'node:events';
import { ServerSentEventsView, SseConnections, SseRoute, SseSignal } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp, type TestApp, type TestAppOptions } from '../support/app';
import { RawClient } from '../support/raw-client';
import { aborted, until } from '../support/until';

/** Less than any of Node's own times: 5 s for an idle connection (72 s on Fastify), 60 s for a request's headers. */
const AT_ONCE = 3_000;

const sockets: (Duplex | ClientHttp2Session)[] = [];
/** Lets go what a shutdown waits for. */
const holds: (() => void)[] = [];
afterEach(async () => {
  holds.splice(0).forEach((letGo) => letGo());
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

/** Something that the application takes long to destroy: its server stands still in the first step of the shutdown. */
function slowToStop() {
  const seen = { isBegun: false, finish: (): void => undefined };
  const held = new Promise<void>((resolve) => {
    seen.finish = resolve;
    holds.push(resolve);
  });
  @Injectable()
  class SlowToStop implements OnModuleDestroy {
    onModuleDestroy(): Promise<void> {
      seen.isBegun = true;
      return held;
    }
  }
  return { seen, provider: SlowToStop };
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

  it('that speak another protocol now are the application’s: they last, also after the grace', async () => {
    const upgraded: Duplex[] = [];
    const app = await startApp(adapter, {
      controllers: [View],
      sse: { shutdown: { grace: 100 } },
      prepare: (nest) => {
        accepted.length = 0;
        const server = nest.getHttpServer() as Server;
        server.on('connection', (socket) => accepted.push(socket));
        server.on('upgrade', (_request: unknown, socket: Duplex) => {
          upgraded.push(socket);
          sockets.push(socket);
          socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
          socket.on('data', (chunk) => socket.write(chunk));
        });
      },
    });
    const socket = await silent(app.port);
    const seen = reading(socket);
    socket.write('GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
    await until(() => upgraded.length === 1 && seen.received.startsWith('HTTP/1.1 101'));
    // This one is ended with the grace: when it is, the other has been looked at.
    const unfinished = await silent(app.port);
    unfinished.resume().write('GET /view HTTP/1.1\r\nHost: ');
    await untilHeard(2);
    let isClosed = false;
    const closing = app.close().then(() => {
      isClosed = true;
    });
    await until(() => unfinished.destroyed);
    await until(() => accepted[1]!.destroyed);
    expect(upgraded[0]!.destroyed).toBe(false);
    socket.write('still here');
    await until(() => seen.received.endsWith('still here'));
    expect(isClosed).toBe(false);
    upgraded[0]!.end();
    await closing;
  });

  it('carry many requests whose streams end before their bodies, and keep nothing of them', async () => {
    const app = await start(adapter);
    const socket = await silent(app.port);
    const seen = reading(socket);
    const counts: number[] = [];
    for (let n = 0; n < 12; n++) {
      seen.received = '';
      socket.write('GET /view/short HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nab');
      await until(() => seen.received.endsWith('0\r\n\r\n'));
      expect(seen.received).toContain('data: "short"');
      await until(() => app.app.get(SseConnections).count === 0);
      const { bytesRead } = accepted[0]!;
      socket.write('cd');
      await until(() => accepted[0]!.bytesRead === bytesRead + 2);
      // The request is closed in a later turn than its last bytes are read.
      await new Promise((resolve) => setImmediate(resolve));
      counts.push(accepted[0]!.listenerCount('close'));
    }
    expect(accepted).toHaveLength(1);
    expect(counts).toEqual(counts.map(() => counts[0]));
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
      const { seen, provider } = slowToStop();
      const app = await start(adapter, { providers: [provider], nest: { return503OnClosing: true } });
      const closing = app.close();
      await until(() => seen.isBegun);
      const source = new RawClient(app.port, '/view', { headers: { Origin: 'https://app.example' } });
      await until(() => source.ended);
      expect([source.status, source.body]).toEqual([200, expect.stringMatching(/^retry: \d+\n\n$/)]);
      // Else it is an error to a page of another origin, after which its EventSource is closed.
      expect(source.header('Access-Control-Allow-Origin')).toEqual(['https://app.example']);
      expect(source.header('Content-Type')).toEqual(['text/event-stream']);
      const plain = new RawClient(app.port, '/view', { headers: { Accept: '*/*' } });
      await until(() => plain.ended);
      expect(plain.status).toBe(503);
      seen.finish();
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

  it('answer EventSource with a time to come back where the closing server answers 503', async () => {
    const { seen, provider } = slowToStop();
    const app = await start('fastify', {
      providers: [provider],
      fastify: { http2: true },
      nest: { return503OnClosing: true },
    });
    const session = connectHttp2(app.url).on('error', () => undefined);
    sockets.push(session);
    await once(session, 'connect');
    const closing = app.close();
    await until(() => seen.isBegun);
    const ask = async (accept: string) => {
      const stream = session.request({ ':path': '/view', accept });
      let body = '';
      stream.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      const ended = once(stream, 'end');
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      await ended;
      return { status: headers[':status'], type: headers['content-type'], body };
    };
    expect(await ask('text/event-stream')).toEqual({
      status: 200,
      type: 'text/event-stream',
      body: expect.stringMatching(/^retry: \d+\n\n$/),
    });
    expect(await ask('*/*')).toMatchObject({ status: 503 });
    session.destroy();
    seen.finish();
    await closing;
  });
});
