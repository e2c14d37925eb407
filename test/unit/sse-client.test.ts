import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGzip } from 'node:zlib';
import { SseClient, type SseClientOptions } from '../../src/testing/client/sse-client';
import { StreamRefusedError } from '../../src/testing/client/stream-request';
import { scriptedServer, type ScriptedServer, type ServedRequest } from '../support/scripted-server';
import { until } from '../support/until';

let server: ScriptedServer | undefined;
const clients: SseClient[] = [];

const serve = async (answer: (request: ServedRequest, number: number) => void): Promise<ScriptedServer> =>
  (server = await scriptedServer(answer));

const connect = (options: SseClientOptions = {}, url = server!.url): SseClient => {
  const client = new SseClient(url, { retry: 1, ...options });
  clients.push(client);
  return client;
};

const header = (number: number, name: string): unknown => server!.requests[number]?.request.headers[name];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await server?.close();
  server = undefined;
});

describe('SseClient', () => {
  it('asks as EventSource does', async () => {
    await serve(({ stream }) => stream());
    await connect().opened();
    expect(server!.requests[0]!.request.method).toBe('GET');
    expect(header(0, 'accept')).toBe('text/event-stream');
    expect(header(0, 'cache-control')).toBe('no-store');
    expect(header(0, 'last-event-id')).toBeUndefined();
  });

  it('sends its method, headers and body with each request', async () => {
    await serve(({ stream }) => stream().end());
    connect({ method: 'POST', headers: { Authorization: 'Bearer 1' }, body: { prompt: 'Hi' } });
    await until(() => server!.requests.length >= 2);
    for (const { request, body } of server!.requests.slice(0, 2)) {
      expect(request.method).toBe('POST');
      expect(request.headers).toMatchObject({ authorization: 'Bearer 1', 'content-type': 'application/json' });
      expect(JSON.parse(body)).toEqual({ prompt: 'Hi' });
    }
  });

  it('sends text and bytes as they are', async () => {
    await serve(({ stream }) => stream());
    await connect({ method: 'PUT', body: 'a=1', headers: { 'Content-Type': 'text/x' } }).opened();
    await connect({ method: 'PUT', body: Buffer.from([104, 105]) }).opened();
    expect(server!.requests.map(({ body }) => body)).toEqual(['a=1', 'hi']);
    expect(header(0, 'content-type')).toBe('text/x');
  });

  it('leaves no connection behind that a server which closes would wait for', async () => {
    const plain = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as AddressInfo;
    const client = connect({}, `http://127.0.0.1:${port}`);
    await client.next();
    client.disconnect();
    await client.reconnect();
    await client.next();
    await client.close();
    let isClosed = false;
    plain.close(() => {
      isClosed = true;
    });
    await until(() => isClosed, 1_000);
  });

  it('follows redirects, with its body where the status says so', async () => {
    await serve(({ request, response, stream }) => {
      const to: Record<string, [number, string]> = {
        '/': [302, '/temporary'],
        '/temporary': [307, '/again'],
        '/again': [303, '/end'],
      };
      const redirect = to[request.url!];
      if (redirect) {
        response.writeHead(redirect[0], { Location: redirect[1] }).end();
        return;
      }
      stream().write('data: 1\n\n');
    });
    await connect({ method: 'PUT', body: 'text' }, `${server!.url}/`).next();
    expect(server!.requests.map(({ request, body }) => [request.method, request.url, body])).toEqual([
      ['PUT', '/', 'text'],
      ['PUT', '/temporary', 'text'],
      ['PUT', '/again', 'text'],
      ['GET', '/end', ''],
    ]);
    expect(header(3, 'content-type')).toBeUndefined();
  });

  it('stops at a circle of redirects, and takes no authorization to another origin', async () => {
    await serve(({ response }) => response.writeHead(302, { Location: '/' }).end());
    const client = connect({ reconnect: false }, `${server!.url}/`);
    await until(() => client.state === 'disconnected');
    expect(client.error?.message).toMatch(/^More than 20 redirects from http/);
    await client.close();
    await server!.close();
    const other = await scriptedServer(({ stream }) => stream().write('data: 1\n\n'));
    await serve(({ response }) => response.writeHead(301, { Location: other.url }).end());
    await connect({ headers: { Authorization: 'Bearer 1' } }).next();
    expect(header(0, 'authorization')).toBe('Bearer 1');
    expect(other.requests[0]!.request.headers['authorization']).toBeUndefined();
    await Promise.all(clients.splice(0).map((one) => one.close()));
    await other.close();
  });

  it('reads a stream that is compressed, event by event', async () => {
    await serve(({ request, response }) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Content-Encoding': 'gzip' });
      expect(request.headers['accept-encoding']).toContain('gzip');
      const gzip = createGzip();
      gzip.pipe(response);
      gzip.write('data: 1\n\n');
      gzip.flush();
    });
    expect(await connect().next()).toMatchObject({ data: 1 });
  });

  it('gives events one by one, with their names, ids and data', async () => {
    await serve(({ stream }) => {
      stream().write('id: 1\ndata: {"a":1}\n\nevent: b\ndata: "x"\n\n: ping\n\ndata: no JSON\n\n');
    });
    const client = connect();
    expect(await client.next()).toEqual({ event: 'message', data: { a: 1 }, id: '1' });
    expect(await client.next()).toEqual({ event: 'b', data: 'x', id: '1' });
    expect(await client.next()).toEqual({ event: 'message', data: 'no JSON', id: '1' });
    expect(client.events).toHaveLength(3);
    expect(client).toMatchObject({ state: 'open', status: 200, lastEventId: '1', connections: 1 });
    expect(client.headers?.get('content-type')).toBe('text/event-stream');
  });

  it('makes of the data what `parse` does', async () => {
    await serve(({ stream }) => stream().write('data: 1\n\n'));
    expect(await connect({ parse: String }).next()).toMatchObject({ data: '1' });
  });

  it('comes back after the time that the stream has set, with the id of its last event', async () => {
    const times: number[] = [];
    await serve(({ stream }, number) => {
      times.push(performance.now());
      if (number === 0) {
        stream().end('retry: 300\nid: a\ndata: 1\n\n');
      } else {
        stream().write('data: 2\n\n');
      }
    });
    const client = connect();
    expect(await client.take(2)).toEqual([
      { event: 'message', data: 1, id: 'a' },
      { event: 'message', data: 2, id: 'a' },
    ]);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(290);
    expect(client.retry).toBe(300);
    expect(header(1, 'last-event-id')).toBe('a');
  });

  it('comes back with the id of a frame without data, and forgets its id at an empty one', async () => {
    const bodies = ['id: 1\ndata: x\n\nid: 2\n\n', 'id\ndata: y\n\n', 'id: 3\ndata: never ended\n'];
    await serve(({ stream }, number) => stream().end(bodies[number]));
    const client = connect();
    await until(() => server!.requests.length >= 4);
    expect([1, 2, 3].map((number) => header(number, 'last-event-id'))).toEqual(['2', undefined, undefined]);
    expect(client.events.map(({ data }) => data)).toEqual(['x', 'y']);
  });

  it('sends an id of any characters as UTF-8', async () => {
    await serve(({ stream }) => stream());
    await connect({ lastEventId: 'ключ 🗝 ~end' }).opened();
    expect(Buffer.from(header(0, 'last-event-id') as string, 'latin1').toString()).toBe('ключ 🗝 ~end');
  });

  it('comes back when the connection is cut in the middle of an event, which is not dispatched', async () => {
    await serve(({ stream, response }, number) => {
      if (number === 0) {
        stream().write('id: 1\ndata: whole\n\nid: 2\ndata: half', () => response.socket!.resetAndDestroy());
      } else {
        stream().write('data: "again"\n\n');
      }
    });
    const client = connect();
    expect((await client.take(2)).map(({ data }) => data)).toEqual(['whole', 'again']);
    expect(header(1, 'last-event-id')).toBe('1');
  });

  it('comes back when the connection is refused, until it is not', async () => {
    await serve(({ stream }) => stream().write('data: 1\n\n'));
    const { url } = server!;
    const port = Number(new URL(url).port);
    await server!.close();
    const client = connect({}, url);
    await until(() => client.connections >= 3);
    expect(client.state).toBe('connecting');
    await expect(client.next(50)).rejects.toThrow('Not within 50 ms: an event');
    const again = (await serve(({ stream }) => stream().write('data: 1\n\n'))).server;
    await new Promise((resolve) => {
      again.close(resolve);
      again.closeAllConnections();
    });
    await new Promise<void>((resolve) => {
      again.listen(port, '127.0.0.1', resolve);
    });
    expect(await client.next()).toMatchObject({ data: 1 });
  });

  it('stops for good at 204', async () => {
    await serve(({ stream, response }, number) => {
      if (number === 0) {
        stream().end('data: 1\n\nid: ~end\n\n');
      } else {
        response.writeHead(204).end();
      }
    });
    const client = connect();
    const seen: unknown[] = [];
    for await (const { data } of client) {
      seen.push(data);
    }
    expect(seen).toEqual([1]);
    expect(client).toMatchObject({ state: 'closed', status: 204, connections: 2, lastEventId: '~end' });
    expect(client.error).toMatchObject({ isOver: true });
    await expect(client.next()).rejects.toThrow('204 No Content');
    await expect(client.reconnect()).rejects.toThrow('closed for good');
    await client.closed();
  });

  it.each([
    [404, 'application/json', '{"message":"No such stock"}'],
    [500, 'text/event-stream', 'data: 1\n\n'],
    [201, 'text/event-stream', 'data: 1\n\n'],
    [200, 'text/html', '<p>'],
    [200, 'text/event-stream-x', 'data: 1\n\n'],
  ])('stops for good at %i %s, and says what came', async (status, type, body) => {
    await serve(({ response }) => response.writeHead(status, { 'content-type': type }).end(body));
    const client = connect();
    const failure = await client.next().catch((error: Error) => error);
    expect((failure as Error).message).toContain(`No event stream: ${status}, ${type}: ${body}`);
    expect((failure as Error).cause).toBeInstanceOf(StreamRefusedError);
    expect(client).toMatchObject({ state: 'closed', status, events: [] });
    await expect(client.opened()).rejects.toThrow(String(status));
    await expect(
      (async () => {
        for await (const event of client) {
          throw new Error(`an event: ${JSON.stringify(event)}`);
        }
      })(),
    ).rejects.toThrow(`No event stream: ${status}`);
    await client.close();
    expect(server!.requests).toHaveLength(1);
  });

  it('reads a content type with parameters and in any case', async () => {
    await serve(({ response }) => {
      response.writeHead(200, { 'content-type': 'Text/Event-Stream; charset=utf-8' }).write('data: 1\n\n');
    });
    expect(await connect().next()).toMatchObject({ data: 1 });
  });

  it('follows a redirection', async () => {
    await serve(({ request, response, stream }) => {
      if (request.url === '/') {
        response.writeHead(307, { location: '/there' }).end();
      } else {
        stream().write('data: 1\n\n');
      }
    });
    expect(await connect().next()).toMatchObject({ data: 1 });
  });

  it('is cut by hand, stays away, and comes back with its id', async () => {
    let gone = 0;
    await serve(({ stream, response }, number) => {
      response.on('close', () => gone++);
      stream().write(`id: ${number}\ndata: ${number}\n\n`);
    });
    const client = connect();
    await client.next();
    client.disconnect();
    expect(client.state).toBe('disconnected');
    await until(() => gone === 1);
    await expect(client.next(50)).rejects.toThrow('1 events came, 1 were taken; the last is');
    expect(server!.requests).toHaveLength(1);
    await client.reconnect();
    expect(header(1, 'last-event-id')).toBe('0');
    expect(await client.next()).toEqual({ event: 'message', data: 1, id: '1' });
    await client.reconnect();
    await until(() => gone === 2);
    expect(await client.next()).toEqual({ event: 'message', data: 2, id: '2' });
  });

  it('does not come back by itself where it is told so', async () => {
    await serve(({ stream }, number) => stream().end(`data: ${number}\n\n`));
    const client = connect({ reconnect: false });
    await client.next();
    await until(() => client.state === 'disconnected');
    await client.reconnect();
    expect(await client.next()).toMatchObject({ data: 1 });
    expect(server!.requests).toHaveLength(2);
  });

  it('comes back at once when it is told to, instead of waiting for its time', async () => {
    await serve(({ stream }, number) => stream().end(`retry: 3600000\ndata: ${number}\n\n`));
    const client = connect();
    await client.next();
    await until(() => client.state === 'connecting');
    await client.reconnect();
    expect(await client.next()).toMatchObject({ data: 1 });
  });

  it('waits for an event that satisfies a condition, and takes those before it', async () => {
    await serve(({ stream }) => {
      const response = stream();
      response.write('data: 1\n\ndata: 2\n\n');
      setImmediate(() => response.write('data: 3\n\ndata: 4\n\n'));
    });
    const client = connect();
    expect(await client.until(({ data }) => data === 3)).toMatchObject({ data: 3 });
    expect(await client.next()).toMatchObject({ data: 4 });
    await expect(client.until(({ data }) => data === 5, 20)).rejects.toThrow('Not within 20 ms');
    await expect(client.take(2, 20)).rejects.toThrow('2 events, 0 came');
  });

  it('keeps its newest events, and says when one was dropped that nobody had taken', async () => {
    await serve(({ stream }) => stream().write(Array.from({ length: 20 }, (_, i) => `data: ${i}\n\n`).join('')));
    const client = connect({ maxEvents: 5 });
    await until(() => client.events.at(-1)?.data === 19);
    expect(client.events.map(({ data }) => data)).toEqual([15, 16, 17, 18, 19]);
    await expect(client.next()).rejects.toThrow('15 events were dropped');
    expect(await client.next()).toMatchObject({ data: 15 });
  });

  it('ends when one event is longer than its bound', async () => {
    await serve(({ stream }) => stream().write(`data: 1\n\ndata: ${'x'.repeat(2_000)}`));
    const client = connect({ maxEventLength: 1_000 });
    expect(await client.next()).toMatchObject({ data: 1 });
    await expect(client.next()).rejects.toThrow('longer than 1000 characters');
    expect(client.state).toBe('closed');
  });

  it.each(['while it connects', 'while it is open', 'while it waits to come back'])(
    'closes %s, and whoever waits is told',
    async (when) => {
      let gone = 0;
      await serve(({ stream, response }) => {
        response.on('close', () => gone++);
        if (when !== 'while it connects') {
          stream().write('retry: 3600000\ndata: 1\n\n');
        }
        if (when === 'while it waits to come back') {
          response.end();
        }
      });
      const client = connect();
      const waiting = client.until(() => false).catch((error: Error) => error.message);
      await until(() => server!.requests.length === 1);
      await until(() => when === 'while it connects' || client.events.length === 1);
      await client.close();
      expect(client.state).toBe('closed');
      expect(await waiting).toContain('The client was closed');
      await until(() => gone === 1);
      client.disconnect();
      expect(client.state).toBe('closed');
      expect(server!.requests).toHaveLength(1);
    },
  );

  it('lets a loop over its events end when it is closed', async () => {
    await serve(({ stream }) => stream().write('data: 1\n\n'));
    const client = connect();
    for await (const { data } of client) {
      expect(data).toBe(1);
      await client.close();
    }
    expect(client.state).toBe('closed');
  });
});
