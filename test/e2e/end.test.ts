import { Controller, RequestMethod } from '@nestjs/common';
import { once } from 'node:events';
import { get, type ClientRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { NEVER, startWith } from 'rxjs';
import { SseConnections, SseRoute, type OnEnd, type SseRouteOptions, type SseSource } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp, type TestApp } from '../support/app';
import { END_FRAME, SILENT_END_FRAME } from '../support/end-frame';
import { JITTERED, withoutJitter } from '../support/jittered-retry';
import { RawClient, type RawRequestOptions } from '../support/raw-client';
import { until } from '../support/until';
import { readAsBrowser } from '../support/whatwg-parser';

/** What a client that names no type sends: the header is there, and empty. */
const NO_TYPE = '';

/** What clients say that they accept, and whether they name an event stream. */
const ACCEPTS: readonly [string, boolean][] = [
  ['text/event-stream', true],
  ['TEXT/Event-Stream', true],
  ['text/event-stream;charset=utf-8', true],
  ['text/event-stream; q=0.5', true],
  ['text/event-stream, application/problem+json', true],
  ['application/json, text/event-stream;q=0.9, */*;q=0.1', true],
  ['text/event-stream;q=0', false],
  ['text/event-stream; q=0.000, */*', false],
  ['*/*', false],
  ['text/*', false],
  ['application/json', false],
  ['text/event-stream-2', false],
  [NO_TYPE, false],
];

/** What each `onEnd` sends last: to clients that name an event stream, and to others. */
const ENDS: readonly [OnEnd | undefined, string, string][] = [
  [undefined, END_FRAME, SILENT_END_FRAME],
  ['stop', END_FRAME, SILENT_END_FRAME],
  ['reconnect', `retry: ${JITTERED}\n\n`, `retry: ${JITTERED}\n\n`],
  ['nothing', '', ''],
  [{}, END_FRAME, END_FRAME],
  [{ event: 'done' }, 'event: done\nid: ~end\ndata:\n\n', 'event: done\nid: ~end\ndata:\n\n'],
  [
    { event: 'end', data: { total: 5 } },
    'event: end\nid: ~end\ndata: {"total":5}\n\n',
    'event: end\nid: ~end\ndata: {"total":5}\n\n',
  ],
  [{ data: null }, 'id: ~end\ndata: null\n\n', 'id: ~end\ndata: null\n\n'],
  [{ raw: '[DONE]' }, 'id: ~end\ndata: [DONE]\n\n', 'id: ~end\ndata: [DONE]\n\n'],
  [
    { event: 'done', raw: 'a\nb' },
    'event: done\nid: ~end\ndata: a\ndata: b\n\n',
    'event: done\nid: ~end\ndata: a\ndata: b\n\n',
  ],
];

describe.each(ADAPTERS)('the end of a stream, on %s', (adapter) => {
  afterEach(closeApps);

  const serve = (source: () => unknown, route: SseRouteOptions = {}): Promise<TestApp> => {
    @Controller('stream')
    class StreamController {
      @SseRoute(route)
      stream(): SseSource {
        return source() as SseSource;
      }
    }
    return startApp(adapter, { controllers: [StreamController], sse: { eventId: () => undefined } });
  };

  const read = async ({ port }: TestApp, options?: RawRequestOptions): Promise<RawClient> => {
    const client = new RawClient(port, '/stream', options);
    await until(() => client.tail.endsWith('0\r\n\r\n'));
    return client;
  };

  /** `fetch` and `RawClient` always send the header; this does not. */
  const readWithoutAccept = async ({ url }: TestApp): Promise<string> => {
    const [response] = (await once(get(`${url}/stream`), 'response')) as [IncomingMessage];
    expect((response as IncomingMessage & { req: ClientRequest }).req.getHeader('accept')).toBeUndefined();
    return text(response);
  };

  describe.each(ENDS)('with onEnd %j', (onEnd, toEventSource, toOthers) => {
    const route: SseRouteOptions = onEnd === undefined ? {} : { onEnd };

    it.each(ACCEPTS)('is the last frame of a client that accepts %j', async (accept, namesEventStream) => {
      const { body } = await read(await serve(() => [1], route), { headers: { Accept: accept } });
      expect(withoutJitter(body)).toBe(`data: 1\n\n${namesEventStream ? toEventSource : toOthers}`);
    });

    it('is the last frame of a client that does not say what it accepts', async () => {
      expect(withoutJitter(await readWithoutAccept(await serve(() => [1], route)))).toBe(`data: 1\n\n${toOthers}`);
    });

    it('is the only frame of a source without any event', async () => {
      const client = await read(await serve(() => [], route));
      expect([client.status, withoutJitter(client.body)]).toEqual([200, toEventSource]);
    });

    it('is written as JSON on a route of text, too', async () => {
      const { body } = await read(await serve(() => ['a'], { ...route, format: 'text' }));
      expect(withoutJitter(body)).toBe(`data: a\n\n${toEventSource}`);
    });

    it('leads a client that returns with its id to a 204, where it has one', async () => {
      let started = 0;
      const app = await serve(() => {
        started++;
        return [1];
      }, route);
      const isFinal = onEnd !== 'reconnect' && onEnd !== 'nothing';
      for (const accept of ['text/event-stream', '*/*']) {
        started = 0;
        const last = readAsBrowser((await read(app, { headers: { Accept: accept } })).body).lastEventId;
        expect(last).toBe(isFinal ? '~end' : '');
        const again = new RawClient(app.port, '/stream', { headers: { 'Last-Event-ID': last, Accept: accept } });
        await until(() => again.head !== '');
        expect([again.status, started]).toEqual(isFinal ? [204, 1] : [200, 2]);
        again.leave();
      }
    });

    it('is what SseConnections.close() sends, whatever the route says', async () => {
      const app = await serve(() => NEVER.pipe(startWith(1)), { onEnd: { event: 'of the route' } });
      const connections = app.app.get(SseConnections);
      const clients = [
        new RawClient(app.port, '/stream', { headers: { 'X-Client': 'picked' } }),
        new RawClient(app.port, '/stream', { headers: { 'X-Client': 'picked', Accept: '*/*' } }),
        new RawClient(app.port, '/stream', { headers: { 'X-Client': 'other' } }),
      ];
      await Promise.all(clients.map((client) => client.untilBody((body) => body === 'data: 1\n\n')));
      const isPicked = ({ request }: { request: unknown }): boolean =>
        (request as { headers: Record<string, string> }).headers['x-client'] === 'picked';
      expect(connections.close(isPicked, onEnd)).toBe(2);
      await until(() => clients.slice(0, 2).every(({ tail }) => tail.endsWith('0\r\n\r\n')));
      // Without a word it is 'reconnect'.
      const [one, two] =
        onEnd === undefined ? Array<string>(2).fill(`retry: ${JITTERED}\n\n`) : [toEventSource, toOthers];
      expect(withoutJitter(clients[0]!.body)).toBe(`data: 1\n\n${one}`);
      expect(withoutJitter(clients[1]!.body)).toBe(`data: 1\n\n${two}`);
      await until(() => connections.count === 1);
      expect(clients[2]!.body).toBe('data: 1\n\n');
      clients[2]!.leave();
    });

    it('is not sent to HEAD, which has no body', async () => {
      const app = await serve(() => [1], route);
      const client = new RawClient(app.port, '/stream', { method: 'HEAD' });
      await until(() => client.head !== '');
      expect(client.status).toBe(200);
      await until(() => app.app.get(SseConnections).count === 0);
      expect(client.received.slice(client.head.length + 4)).toBe('');
      client.leave();
    });
  });

  it.each(['GET', 'POST', 'HEAD'])('answers the id of the end with 204 to %s', async (method) => {
    let started = 0;
    const app = await serve(
      () => {
        started++;
        return [1];
      },
      { method: method === 'POST' ? RequestMethod.POST : RequestMethod.GET },
    );
    const client = new RawClient(app.port, '/stream', { method, headers: { 'Last-Event-ID': '~end' } });
    await until(() => client.head !== '');
    expect([client.status, started]).toEqual([204, 0]);
    expect(client.header('Cache-Control')).toEqual(['no-store']);
    client.leave();
  });

  it.each([0, 1, 50, 20_000])('of onEnd reconnect is the route’s retry %d, up to doubled', async (retry) => {
    const { body } = await read(await serve(() => [1], { onEnd: 'reconnect', retry }));
    expect(withoutJitter(body.slice(`retry: ${retry}\n\n`.length), retry)).toBe(`data: 1\n\nretry: ${JITTERED}\n\n`);
  });

  it('sends each client of onEnd reconnect away for another time', async () => {
    const app = await serve(() => [1], { onEnd: 'reconnect', retry: 1_000_000 });
    const bodies = await Promise.all(Array.from({ length: 20 }, async () => (await read(app)).body));
    const times = bodies.map((body) => Number(/retry: (\d+)\n\n$/.exec(body)![1]));
    expect(times.every((time) => time >= 1_000_000 && time <= 2_000_000)).toBe(true);
    expect(new Set(times).size).toBeGreaterThan(15);
  });

  it('of SseConnections.close() that cannot be sent is refused, and the streams stay open', async () => {
    const app = await serve(() => NEVER.pipe(startWith(1)));
    const connections = app.app.get(SseConnections);
    const client = new RawClient(app.port, '/stream');
    await client.untilBody((body) => body === 'data: 1\n\n');
    for (const onEnd of [{ event: 'gap' }, { event: 'a\nb' }, { data: 1n }, { data: new Map() }]) {
      expect(() => connections.close(undefined, onEnd)).toThrow(/The event's (event|data) /);
    }
    expect(connections.count).toBe(1);
    expect(connections.close(undefined, 'nothing')).toBe(1);
    await until(() => client.tail.endsWith('0\r\n\r\n'));
    expect(client.body).toBe('data: 1\n\n');
  });
});
