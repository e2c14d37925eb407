import { Controller } from '@nestjs/common';
import compression from 'compression';
import { connect as connectHttp2 } from 'node:http2';
import { get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createGunzip } from 'node:zlib';
import { ChannelView, getChannelToken, ServerSentEventsView, SseModule, type SseChannel } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp, type Adapter, type TestAppOptions } from '../support/app';
import { beforeEnd } from '../support/end-frame';
import { RawClient } from '../support/raw-client';
import { parseEvents } from '../support/read-events';
import { SELF_SIGNED } from '../support/self-signed';
import { until } from '../support/until';

afterEach(closeApps);

@Controller('news')
class NewsView extends ChannelView<number | string> {
  static readonly channel = 'news';
}

@Controller('compressible')
class CompressibleView extends ChannelView<number | string> {
  static readonly channel = 'news';
  static readonly headers = { 'Cache-Control': 'no-store' };
}

/** Each in a turn of its own: ASCII, what Latin-1 and what only Unicode has, and more than a batch. */
const OWN_EVENTS = ['one', 'zwei: ä', '三 😀', 'x'.repeat(40_000), 'ü'.repeat(40_000), ''];

@Controller('own')
class OwnEventsView extends ServerSentEventsView<string> {
  async *events() {
    for (const data of OWN_EVENTS) {
      yield { data, id: OWN_EVENTS.indexOf(data) };
      await new Promise(setImmediate);
    }
  }
}

@Controller('filtered')
class FilteredView extends ChannelView<number | string> {
  static readonly channel = 'news';

  override filter() {
    return ({ data }: { data: number | string }) => data !== 'nobody';
  }
}

/** What the server wrote to its sockets in one piece as a whole chunk with an event in it. */
type DirectWrites = string[];

async function start(adapter: Adapter, options: TestAppOptions = {}) {
  const direct: DirectWrites = [];
  const buffers = new Set<Buffer>();
  const { prepare, ...rest } = options;
  const started = await startApp(adapter, {
    ...rest,
    imports: [SseModule.forFeature([{ name: 'news', history: { maxEvents: 10_000, maxBytes: 100_000_000 } }])],
    controllers: [NewsView, CompressibleView, FilteredView, OwnEventsView],
    prepare: async (app) => {
      const server = app.getHttpServer() as Server;
      for (const event of ['connection', 'secureConnection']) {
        server.on(event, (socket: Socket) => recordDirectWrites(socket, direct, buffers));
      }
      await prepare?.(app);
    },
  });
  const channel = started.app.get<SseChannel<number | string>>(getChannelToken('news'));
  const isOpen = (clients: number) => until(() => [...channel.subscribers()][0]?.[1] === clients);
  return { ...started, channel, direct, buffers, isOpen };
}

function recordDirectWrites(socket: Socket, direct: DirectWrites, buffers: Set<Buffer>): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]) => {
    const text = Buffer.isBuffer(args[0]) ? args[0].toString('latin1') : String(args[0]);
    if (/^[0-9a-f]+\r\n(?:.|\n)*data: (?:.|\n)*\r\n$/.test(text)) {
      direct.push(text);
      if (Buffer.isBuffer(args[0])) {
        buffers.add(args[0]);
      }
    }
    return write(...args);
  };
}

/** Called with each request before the framework gets it. */
function beforeEachRequest(listener: (request: IncomingMessage, response: ServerResponse) => void) {
  return (app: { getHttpServer(): unknown }) => (app.getHttpServer() as Server).prependListener('request', listener);
}

/** Puts another `write` in the place of Node's, which does the same, on responses to marked requests. */
const wrapMarked = beforeEachRequest((request, response) => {
  if (request.headers['x-wrapped']) {
    const write = response.write.bind(response) as (...args: unknown[]) => boolean;
    response.write = ((...args: unknown[]) => write(...args)) as typeof response.write;
  }
});

const dataOf = (body: string) =>
  parseEvents(body)
    .filter(({ event }) => event !== 'start')
    .map(({ data }) => JSON.parse(data) as unknown);

describe.each(ADAPTERS)('frames that many clients get, on %s', (adapter) => {
  it('go to the socket as one chunk a turn, the same memory for each client, also where a filter passes all', async () => {
    const { port, channel, direct, buffers, isOpen } = await start(adapter);
    const paths = ['/news', '/news', '/filtered', '/filtered'];
    const clients = paths.map((path) => new RawClient(port, path));
    await isOpen(4);
    await Promise.all(clients.map((client) => client.untilBody((body) => body.includes('start'))));
    const published = [channel.publish(1), channel.publish('zwei – 2'), channel.publish(3)];
    await Promise.all(clients.map((client) => client.untilBody((body) => dataOf(body).length === 3)));
    expect(dataOf(clients[3]!.body)).toEqual([1, 'zwei – 2', 3]);
    expect(direct).toHaveLength(4);
    expect(new Set(direct).size).toBe(1);
    expect(buffers.size).toBe(1);
    const ids = (await Promise.all(published)).map(({ id }) => `id: ${id}`);
    expect(direct[0]!.match(/^id: .*$/gm)).toEqual(ids);
  });

  it('stay whole and in order where somebody else writes to the response between them', async () => {
    const responses: ServerResponse[] = [];
    const { port, channel, isOpen } = await start(adapter, {
      prepare: beforeEachRequest((_request, response) => void responses.push(response)),
    });
    const client = new RawClient(port, '/news');
    await isOpen(1);
    await client.untilBody((body) => body.includes('start'));
    for (let n = 1; n <= 20; n++) {
      await channel.publish(n % 5 === 0 ? 'x'.repeat(200_000) : n);
      await new Promise(setImmediate);
      responses[0]!.write(`: note ${n}\n\n`);
    }
    await client.untilBody((body) => body.includes(': note 20\n\n'));
    const lines = client.body.match(/^(?:: note \d+|data: \d+|data: "x+")$/gm)!;
    expect(lines.map((line) => line.replace(/x+/, 'x'))).toEqual(
      Array.from({ length: 20 }, (_, index) => [
        `data: ${(index + 1) % 5 === 0 ? '"x"' : index + 1}`,
        `: note ${index + 1}`,
      ]).flat(),
    );
  });

  it('are byte for byte what the response itself would write', async () => {
    const { port, channel, direct, isOpen } = await start(adapter, {
      prepare: wrapMarked,
    });
    const plain = new RawClient(port, '/news');
    const wrapped = new RawClient(port, '/news', { headers: { 'X-Wrapped': '1' } });
    await isOpen(2);
    await Promise.all([plain, wrapped].map((client) => client.untilBody((body) => body.includes('start'))));
    for (const data of [1, 'x'.repeat(100_000), 'é\u2028😀', '']) {
      await channel.publish(data);
      await until(() => dataOf(plain.body).at(-1) === data && dataOf(wrapped.body).at(-1) === data);
    }
    expect(direct).toHaveLength(4);
    const afterHead = ({ received, head }: RawClient) => received.slice(head.length);
    expect(afterHead(plain)).toBe(afterHead(wrapped));
  });

  it('go the same way as those of one client: the bytes of each chunk are what the response itself would write', async () => {
    const { port, direct } = await start(adapter, { prepare: wrapMarked });
    const plain = new RawClient(port, '/own');
    const wrapped = new RawClient(port, '/own', { headers: { 'X-Wrapped': '1' } });
    await until(() => [plain, wrapped].every(({ tail }) => tail.endsWith('0\r\n\r\n')));
    const chunks = ({ received, head }: RawClient) => received.slice(head.length).split(/(?<=\n\n\r\n)/);
    expect(chunks(plain)).toEqual(chunks(wrapped));
    expect(parseEvents(beforeEnd(plain.body)).map(({ data }) => JSON.parse(data) as unknown)).toEqual(OWN_EVENTS);
    // The first chunk takes the headers along.
    expect(direct.length).toBeGreaterThan(OWN_EVENTS.length - 2);
  });

  it('are drained by the socket: a client that pauses gets all of them, in order', async () => {
    const { port, channel, direct } = await start(adapter, { sse: { overflow: { maxBytes: 500_000_000 } } });
    const client = new RawClient(port, '/news', { paused: true });
    await until(() => [...channel.subscribers()].length === 1);
    const padding = 'x'.repeat(100_000);
    let count = 0;
    // Until writes wait: the rest goes to the backlog.
    while (count < 500 && direct.length > count - 20) {
      await channel.publish(`${count++} ${padding}`);
      await new Promise(setImmediate);
    }
    expect(direct.length).toBeGreaterThan(0);
    expect(direct.length).toBeLessThan(count);
    client.resume();
    await until(() => client.received.includes(`${count - 1} x`), 20_000);
    await channel.publish('last');
    const body = await client.untilBody((text) => text.endsWith('data: "last"\n\n'));
    expect(dataOf(body).map((data) => String(data).split(' ')[0])).toEqual(
      [...Array(count).keys(), 'last'].map(String),
    );
  });

  /** Sends a request of its own making, beside a client that gets the event. */
  const besideAnother = async (request: string) => {
    const started = await start(adapter);
    const other = new RawClient(started.port, '/news');
    await started.isOpen(1);
    const socket = connect(started.port, '127.0.0.1');
    const seen = { received: '' };
    socket.on('data', (chunk) => {
      seen.received += chunk.toString();
    });
    socket.write(request);
    await until(() => seen.received.includes('\r\n\r\n'));
    const publish = async () => {
      await started.channel.publish(1);
      await other.untilBody((body) => dataOf(body).length === 1);
    };
    return { ...started, seen, socket, publish };
  };

  it('are not chunked over HTTP/1.0, which has no chunks', async () => {
    const { direct, isOpen, publish, seen, socket } = await besideAnother('GET /news HTTP/1.0\r\n\r\n');
    await isOpen(2);
    await publish();
    await until(() => seen.received.endsWith('\ndata: 1\n\n'));
    expect(direct).toHaveLength(1);
    socket.destroy();
  });

  it('are not written to a response to HEAD', async () => {
    const request = 'HEAD /news HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const { direct, publish, seen, socket } = await besideAnother(request);
    await publish();
    expect(direct).toHaveLength(1);
    expect(seen.received.split('\r\n\r\n')[1]).toBe('');
    socket.destroy();
  });

  it('are not written to a response that somebody else has ended', async () => {
    const responses: ServerResponse[] = [];
    const { port, channel, direct, isOpen } = await start(adapter, {
      prepare: beforeEachRequest((_request, response) => responses.push(response)),
    });
    const [ended, other] = [new RawClient(port, '/news'), new RawClient(port, '/news')];
    await isOpen(2);
    await Promise.all([ended, other].map((client) => client.untilBody((body) => body.includes('start'))));
    await channel.publish(1);
    await until(() => [ended, other].every(({ body }) => dataOf(body).length === 1));
    expect(direct).toHaveLength(2);
    const [first] = responses;
    // In one turn: the end has not left yet when the event comes.
    first!.end();
    await channel.publish(2);
    await until(() => [ended, other].some(({ body }) => dataOf(body).length === 2));
    expect(direct).toHaveLength(3);
    await until(() => [ended, other].some(({ received }) => received.endsWith('0\r\n\r\n')));
  });

  it('do not overtake what somebody holds back on the response', async () => {
    const responses: ServerResponse[] = [];
    const { port, channel, direct, isOpen } = await start(adapter, {
      prepare: beforeEachRequest((_request, response) => {
        responses.push(response);
        response.cork();
      }),
    });
    const client = new RawClient(port, '/news');
    await isOpen(1);
    await channel.publish(1);
    expect(direct).toHaveLength(0);
    responses[0]!.uncork();
    await client.untilBody((body) => dataOf(body).length === 1);
    expect(client.body.indexOf('start')).toBeLessThan(client.body.indexOf('data: 1'));
  });
});

describe('frames that many clients get', () => {
  it('go through a compression middleware, on Express', async () => {
    const { url, channel, direct, isOpen } = await start('express', {
      prepare: (app) => app.use(compression({ filter: () => true, threshold: 0 })),
    });
    const request = get(`${url}/compressible`, { headers: { 'Accept-Encoding': 'gzip' } });
    request.on('error', () => undefined);
    let body = '';
    request.on('response', (response) => {
      response.pipe(createGunzip()).on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
    });
    await isOpen(1);
    await channel.publish(1);
    await until(() => body.endsWith('data: 1\n\n'));
    expect(direct).toHaveLength(0);
    request.destroy();
  });

  it('go through TLS as the response writes them, on Fastify', async () => {
    const { port, channel, direct, isOpen } = await start('fastify', { fastify: { https: SELF_SIGNED } });
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.write('GET /news HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await isOpen(1);
    await until(() => received.includes('event: start'));
    await channel.publish(1);
    await until(() => received.includes('data: 1\n'));
    expect(direct).toHaveLength(0);
    socket.destroy();
  });

  it('go through HTTP/2, on Fastify', async () => {
    const { url, channel, direct, isOpen } = await start('fastify', { fastify: { http2: true } });
    const session = connectHttp2(url);
    const stream = session.request({ ':path': '/news' });
    let received = '';
    stream.on('data', (chunk: Buffer) => {
      received += chunk.toString();
    });
    await isOpen(1);
    await channel.publish(1);
    await until(() => received.endsWith('data: 1\n\n'));
    expect(direct).toHaveLength(0);
    session.destroy();
  });
});
