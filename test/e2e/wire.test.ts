import { Controller, Header, NotFoundException, RequestMethod } from '@nestjs/common';
import { get } from 'node:http';
import { from, of, throwError, timer } from 'rxjs';
import { concatMap, concatWith } from 'rxjs/operators';
import {
  ServerSentEventsView,
  sseEvent,
  SseRoute,
  type SseEvent,
  type SseMessage,
  type SseModuleOptions,
  type SseRouteOptions,
  type SseSource,
} from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp, type TestApp } from '../support/app';
import { beforeEnd, END_FRAME } from '../support/end-frame';
import { JITTERED, withoutJitter } from '../support/jittered-retry';
import { RawClient, type RawRequestOptions } from '../support/raw-client';
import { parseEvents } from '../support/read-events';
import { until } from '../support/until';
import { readAsBrowser } from '../support/whatwg-parser';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** Makes a body predictable to the byte. */
const noIds = { eventId: () => undefined } satisfies SseModuleOptions;

/** The whole body of a stream that ends, as bytes. */
function bodyOf(url: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { Accept: 'text/event-stream' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
      response.on('error', reject);
    }).on('error', reject);
  });
}

function noSuchStock(): never[] {
  throw new NotFoundException('No such stock');
}

/** Whether the response is here to its end, which is told by the last chunk or by its length. */
function isWhole(client: RawClient): boolean {
  const [length] = client.header('Content-Length');
  return length === undefined
    ? client.ended || client.tail.endsWith('\r\n0\r\n\r\n')
    : client.received.length === client.head.length + 4 + Number(length);
}

describe.each(ADAPTERS)('the wire, on %s', (adapter) => {
  afterEach(closeApps);

  /** An application with one stream, at `/stream`, of what `source` returns. */
  const serve = (
    source: () => unknown,
    route: SseRouteOptions = {},
    sse: SseModuleOptions = noIds,
  ): Promise<TestApp> => {
    @Controller('stream')
    class StreamController {
      @SseRoute(route)
      stream(): SseSource {
        return source() as SseSource;
      }
    }
    return startApp(adapter, { controllers: [StreamController], sse });
  };

  /** The body of one stream of these events, as it was sent. */
  const sent = async (
    events: readonly SseEvent[],
    route?: SseRouteOptions,
    sse?: SseModuleOptions,
  ): Promise<string> => {
    const { url } = await serve(() => events, route, sse);
    return (await bodyOf(`${url}/stream`)).toString('utf8');
  };

  const read = async (app: TestApp, options?: RawRequestOptions): Promise<RawClient> => {
    const client = new RawClient(app.port, '/stream', options);
    await until(() => isWhole(client));
    return client;
  };

  const errorLines = (app: TestApp): string[] =>
    app.log.filter(({ level }) => level === 'error').map(({ message }) => message);

  describe('data', () => {
    it.each([
      ['a\nb', 'data: a\ndata: b\n\n'],
      ['a\rb', 'data: a\ndata: b\n\n'],
      ['a\r\nb', 'data: a\ndata: b\n\n'],
      ['a\r\n\rb\nc', 'data: a\ndata: \ndata: b\ndata: c\n\n'],
      ['a\n', 'data: a\ndata: \n\n'],
      [' a', 'data:  a\n\n'],
      ['', 'data: \n\n'],
      ['a\u2028b\u2029c\u0085d\ve', 'data: a\u2028b\u2029c\u0085d\ve\n\n'],
    ])('1–5, 14. as text %j are the bytes %j', async (data, frame) => {
      expect(await sent([data], { format: 'text' })).toBe(frame + END_FRAME);
    });

    it('5. are dispatched when they are empty, and not when they are absent', async () => {
      const body = await sent([{ event: 'a', id: '1', data: '' }, sseEvent({ comment: 'c' })], { format: 'text' });
      expect(body).toBe(`event: a\nid: 1\ndata: \n\n: c\n\n${END_FRAME}`);
      expect(readAsBrowser(body).events).toEqual([
        { type: 'a', data: '', lastEventId: '1' },
        { type: 'end', data: '', lastEventId: '~end' },
      ]);
    });

    it('6. may be null, 0, false or an empty string, alone and in an envelope', async () => {
      expect(await sent([null, 0, false, '', { data: null }, { data: 0 }, { data: false }, { data: '' }])).toBe(
        `${'data: null\n\ndata: 0\n\ndata: false\n\ndata: ""\n\n'.repeat(2)}${END_FRAME}`,
      );
    });

    it('14. keep line separators of Unicode inside their line', async () => {
      expect(parseEvents(await sent(['a\u2028b\u0085c\vd']))[0]?.data).toBe(JSON.stringify('a\u2028b\u0085c\vd'));
    });

    it('15. with a lone surrogate do not end the stream', async () => {
      const text = await sent(['a\uD800b', 'next'], { format: 'text' });
      expect(readAsBrowser(beforeEnd(text)).events.map(({ data }) => data)).toEqual(['a\uFFFDb', 'next']);
    });

    it('15. with a lone surrogate arrive whole as JSON', async () => {
      const events = parseEvents(beforeEnd(await sent([{ data: { text: 'a\uD800b' } }, 'next'])));
      expect(events.map(({ data }) => JSON.parse(data) as unknown)).toEqual([{ text: 'a\uD800b' }, 'next']);
    });

    it('16. that start with U+FEFF in the first event survive', async () => {
      expect(readAsBrowser(await sent(['\uFEFFa'], { format: 'text' })).events[0]?.data).toBe('\uFEFFa');
    });

    it.each(['json', 'text'] as const)('17. of ten megabytes arrive whole as %s', async (format) => {
      const data = '0123456789'.repeat(1_000_000);
      const { url } = await serve(() => [data, 'next'], { format });
      const events = parseEvents(beforeEnd((await bodyOf(`${url}/stream`)).toString('utf8')));
      const texts = events.map((event) => (format === 'json' ? (JSON.parse(event.data) as string) : event.data));
      expect(texts.map((text) => text.length)).toEqual([data.length, 4]);
      expect(texts[0] === data).toBe(true);
    });

    it('17. of 100 events of one megabyte wait for a slow reader instead of piling up', async () => {
      let pulled = 0;
      const megabyte = 'x'.repeat(1_000_000);
      const app = await serve(function* () {
        for (; pulled < 100;) {
          pulled++;
          yield megabyte;
        }
      });
      const client = new RawClient(app.port, '/stream', { paused: true });
      await until(() => pulled > 0);
      let before: number;
      do {
        before = pulled;
        // A source that is not held back gives all hundred in less.
        await new Promise((resolve) => setTimeout(resolve, 200));
      } while (pulled > before);
      expect(pulled).toBeLessThan(30);
      client.reset();
    });

    it('18. of emoji are whole when they are read byte by byte, and when the socket cuts them', async () => {
      const text = '👩‍🚀 日本 ß '.repeat(20_000);
      const { url } = await serve(() => ['👩‍🚀', text], { format: 'text' });
      const body = await bodyOf(`${url}/stream`);
      // The end has data, which are empty.
      expect(readAsBrowser(body, [1]).events.map(({ data }) => data)).toEqual(['👩‍🚀', text, '']);
      expect(parseEvents(body.toString('utf8')).map(({ data }) => data)).toEqual(['👩‍🚀', text, '']);
    });

    it('that are no string are refused as text, before the first event with status 500', async () => {
      const app = await serve(() => [{ price: 1 }], { format: 'text' });
      const client = await read(app);
      expect(client.status).toBe(500);
      expect(errorLines(app).join()).toContain('data must be a string with format "text"');
    });
  });

  describe('fields', () => {
    it('are written in one order, each on its line', async () => {
      expect(await sent([{ data: { a: 1 }, comment: 'c', retry: 5, id: '7', event: 'e' }])).toBe(
        `: c\nevent: e\nid: 7\nretry: 5\ndata: {"a":1}\n\n${END_FRAME}`,
      );
    });

    const REFUSED: readonly [string, SseEvent][] = [
      ['7. an id with LF', { id: 'a\nb', data: 1 }],
      ['7. an id with CR', { id: 'a\rb', data: 1 }],
      ['8. a name with LF', { event: 'a\nb', data: 1 }],
      ['8. a name with CR', { event: 'a\r\ndata: evil', data: 1 }],
      ['9. an id with NUL', { id: 'a\0b', data: 1 }],
      ['12. the retry "5s"', { retry: '5s' as unknown as number, data: 1 }],
      ['12. the retry −1', { retry: -1, data: 1 }],
      ['12. the retry 1.5', { retry: 1.5, data: 1 }],
      ['12. the retry NaN', { retry: NaN, data: 1 }],
      ['12. the retry true', { retry: true as unknown as number, data: 1 }],
      ['the reserved id', { id: '~end', data: 1 }],
      ['an id with a control character', { id: 'a\u001bb', data: 1 }],
      ['an id that begins with a space', { id: ' a', data: 1 }],
      ['an id that ends with a tab', { id: 'a\t', data: 1 }],
      ['an id of 1,025 characters', { id: 'x'.repeat(1_025), data: 1 }],
      ['a BigInt', { event: 'big', data: { amount: 1n } }],
      ['undefined', undefined],
    ];

    it.each(REFUSED)('%s in the first event is a 500 without a byte of it', async (_name, event) => {
      const first = event === undefined ? event : { comment: 'secret', ...(event as object) };
      const app = await serve(() => [first, { data: 2 }]);
      const client = await read(app);
      expect(client.status).toBe(500);
      expect(client.header('Content-Type')[0]).toMatch(/^application\/json/);
      expect(client.body).not.toMatch(/secret|data:/);
      expect(errorLines(app).join('\n')).toMatch(/The event's (id|event|retry|data) /);
    });

    it.each(REFUSED)('%s in a later event is one stream-error, then the end', async (_name, event) => {
      const app = await serve(() => [{ id: '1', data: 1 }, event, { data: 'never' }]);
      const { status, body } = await read(app);
      expect(status).toBe(200);
      expect(withoutJitter(body)).toBe(
        'id: 1\ndata: 1\n\n' +
          `event: stream-error\nretry: ${JITTERED}\n` +
          'data: {"type":"about:blank","title":"Internal Server Error","status":500}\n\n',
      );
      expect(errorLines(app).filter((line) => line.includes('SseFieldError'))).toHaveLength(1);
    });

    it.each([
      ['an object', {}],
      ['a number', 1],
      ['true', true],
      ['null', null],
    ])('8. a name that is %s is refused with the kind that it is', async (_name, event) => {
      const app = await serve(() => [{ event: event as unknown as string, data: 1 }]);
      expect((await read(app)).status).toBe(500);
      const kind = typeof event === 'object' && event !== null ? 'an object' : String(event);
      expect(errorLines(app).join('\n')).toContain(`The event's event must be a string, not ${kind}`);
    });

    it('10. may be an empty id, which resets the last one', async () => {
      const body = await sent([{ id: '1', data: 1 }, { id: '', data: 2 }, { data: 3 }]);
      expect(body).toBe(`id: 1\ndata: 1\n\nid: \ndata: 2\n\ndata: 3\n\n${END_FRAME}`);
      expect(readAsBrowser(beforeEnd(body)).events.map(({ lastEventId }) => lastEventId)).toEqual(['1', '', '']);
    });

    it('11. have no event line without a name', async () => {
      expect(await sent([{ data: 1 }])).toBe(`data: 1\n\n${END_FRAME}`);
    });

    it('12. may be the retry 0', async () => {
      expect(await sent([{ retry: 0, data: 1 }, sseEvent({ retry: 0 })])).toBe(
        `retry: 0\ndata: 1\n\nretry: 0\n\n${END_FRAME}`,
      );
    });

    it('13. have a colon before every line of a comment', async () => {
      const body = await sent([{ comment: 'a\nb\r\ndata: evil\r\rc', data: 1 }]);
      expect(body).toBe(`: a\n: b\n: data: evil\n: \n: c\ndata: 1\n\n${END_FRAME}`);
      expect(readAsBrowser(beforeEnd(body)).events).toHaveLength(1);
    });
  });

  describe('an error', () => {
    it('before the first event keeps its status', async () => {
      const app = await serve(async function* () {
        await Promise.resolve();
        yield* noSuchStock();
      });
      const { status, body } = await read(app);
      expect(status).toBe(404);
      expect(JSON.parse(body)).toMatchObject({ statusCode: 404, message: 'No such stock' });
    });

    it('of the handler itself, or of the promise it returns, keeps its status', async () => {
      const thrown = await serve(() => {
        throw new NotFoundException();
      });
      const rejected = await serve(() => Promise.reject(new NotFoundException()));
      const pushed = await serve(() => throwError(() => new NotFoundException()));
      expect((await read(thrown)).status).toBe(404);
      expect((await read(rejected)).status).toBe(404);
      expect((await read(pushed)).status).toBe(404);
    });

    it('that is none of HTTP is a 500 that tells nothing', async () => {
      const app = await serve(() => {
        throw new Error('secret');
      });
      const { status, body } = await read(app);
      expect(status).toBe(500);
      expect(body).not.toContain('secret');
    });

    it('after the first event is one event with what the exception tells, then the end', async () => {
      const app = await serve(() => of({ data: 1 }).pipe(concatWith(throwError(() => new NotFoundException('Gone')))));
      const { status, body } = await read(app);
      expect(status).toBe(200);
      const events = parseEvents(body);
      expect(events.map(({ event }) => event)).toEqual([undefined, 'stream-error']);
      expect(JSON.parse(events[1]!.data)).toEqual({
        type: 'about:blank',
        title: 'Not Found',
        status: 404,
        detail: 'Gone',
      });
      expect(body).not.toContain('~end');
    });

    it('after the first event tells nothing when it is none of HTTP, and is logged once', async () => {
      const app = await serve(async function* () {
        yield { data: 1 };
        throw new Error('secret');
      });
      const { body } = await read(app);
      expect(body).not.toContain('secret');
      expect(parseEvents(body).at(-1)?.event).toBe('stream-error');
      expect(errorLines(app).filter((line) => line.includes('secret'))).toHaveLength(1);
    });
  });

  describe('ids', () => {
    const idsOf = (body: string): (string | undefined)[] => parseEvents(beforeEnd(body)).map(({ id }) => id);

    it('are a random UUID for each event by default', async () => {
      const ids = idsOf(await sent([1, 2, { event: 'a', data: 3 }], {}, {}));
      expect(ids).toEqual([expect.stringMatching(UUID), expect.stringMatching(UUID), expect.stringMatching(UUID)]);
      expect(new Set(ids).size).toBe(3);
    });

    it('are not given to a frame without data', async () => {
      expect(await sent([sseEvent({ comment: 'c' }), sseEvent({ retry: 5 })], {}, {})).toBe(
        `: c\n\nretry: 5\n\n${END_FRAME}`,
      );
    });

    it('are what eventId returns, numbers included, and none for undefined', async () => {
      const eventId = ({ data }: SseMessage): string | number | undefined => [undefined, 0, 'one', ''][data as number];
      expect(await sent([0, 1, 2, 3], { eventId })).toBe(
        `data: 0\n\nid: 0\ndata: 1\n\nid: one\ndata: 2\n\nid: \ndata: 3\n\n${END_FRAME}`,
      );
    });

    it("are the event's own first, numbers included", async () => {
      const body = await sent(
        [
          { id: 0, data: 1 },
          { id: 42, data: 2 },
          { id: '', data: 3 },
        ],
        { eventId: () => 'other' },
      );
      expect(idsOf(body)).toEqual(['0', '42', '']);
    });

    it('are given by the view with its instance as this, to the validated event', async () => {
      @Controller('stream')
      class View extends ServerSentEventsView<{ seq: number }> {
        private readonly prefix = 'p';
        override eventId(event: SseMessage<{ seq: number }>): string {
          return `${this.prefix}-${event.event}-${event.data?.seq}`;
        }
        *events(): Iterable<SseEvent<{ seq: number }>> {
          yield { event: 'tick', data: { seq: 7 } };
        }
      }
      const app = await startApp(adapter, { controllers: [View] });
      expect(idsOf((await read(app)).body)).toEqual(['p-tick-7']);
    });

    it('are given by the view before the module, and by the route before the view', async () => {
      class Base extends ServerSentEventsView<number> {
        override eventId(): string {
          return 'view';
        }
        *events(): Iterable<number> {
          yield 1;
        }
      }
      @Controller('view')
      class View extends Base {}
      @Controller('route')
      class RouteView extends Base {
        @SseRoute({ eventId: () => 'route' })
        override *events(): Iterable<number> {
          yield 1;
        }
      }
      const { url } = await startApp(adapter, { controllers: [View, RouteView], sse: { eventId: () => 'module' } });
      expect(idsOf(String(await bodyOf(`${url}/view`)))).toEqual(['view']);
      expect(idsOf(String(await bodyOf(`${url}/route`)))).toEqual(['route']);
      expect(idsOf(await sent([1], {}, { eventId: () => 'module' }))).toEqual(['module']);
    });

    it('with a line break from eventId are refused like any other', async () => {
      expect((await read(await serve(() => [1], { eventId: () => 'a\nb' }))).status).toBe(500);
    });
  });

  describe('retry', () => {
    const retryOf = async (view: new () => ServerSentEventsView, sse: SseModuleOptions = {}): Promise<string> => {
      Controller('stream')(view);
      const app = await startApp(adapter, { controllers: [view], sse: { ...noIds, ...sse } });
      return beforeEnd((await read(app)).body);
    };
    abstract class View extends ServerSentEventsView {
      *events(): Iterable<number> {
        yield 1;
      }
    }

    it('is not sent by default', async () => {
      expect(await retryOf(class extends View {})).toBe('data: 1\n\n');
    });

    it('is sent once, when the stream opens, from a field of the view', async () => {
      expect(
        await retryOf(
          class extends View {
            override readonly retry = 250;
          },
        ),
      ).toBe('retry: 250\n\ndata: 1\n\n');
    });

    it('is sent from a getter of the view, which is read for each stream', async () => {
      let next = 0;
      class Getter extends View {
        override get retry(): number {
          return next++;
        }
      }
      Controller('stream')(Getter);
      const app = await startApp(adapter, { controllers: [Getter], sse: noIds });
      expect((await read(app)).body).toMatch(/^retry: 0\n\ndata/);
      expect((await read(app)).body).toMatch(/^retry: 1\n\ndata/);
    });

    it('is sent from the module when nobody nearer says one', async () => {
      expect(await retryOf(class extends View {}, { retry: 5 })).toBe('retry: 5\n\ndata: 1\n\n');
    });

    it('is the view’s before the module’s, and the route’s before the view’s', async () => {
      class FromView extends View {
        override readonly retry: number = 0;
      }
      class FromRoute extends FromView {
        @SseRoute({ retry: 1 })
        override *events(): Iterable<number> {
          yield 1;
        }
      }
      expect(await retryOf(FromView, { retry: 5 })).toBe('retry: 0\n\ndata: 1\n\n');
      expect(await retryOf(FromRoute, { retry: 5 })).toBe('retry: 1\n\ndata: 1\n\n');
    });

    it('of a view that is no time is a 500, before anything is sent', async () => {
      class Wrong extends View {
        override readonly retry = 1.5;
      }
      Controller('stream')(Wrong);
      const client = await read(await startApp(adapter, { controllers: [Wrong] }));
      expect(client.status).toBe(500);
      expect(client.body).not.toContain('retry:');
    });
  });

  describe('the end', () => {
    const readEnd = async (route: SseRouteOptions, options?: RawRequestOptions): Promise<RawClient> =>
      read(await serve(() => [1], { eventId: () => undefined, ...route }), options);

    it("is an event with the last id, with 'stop', which is the default", async () => {
      expect((await readEnd({})).body).toBe(`data: 1\n\n${END_FRAME}`);
      expect((await readEnd({ onEnd: 'stop' })).body).toBe(`data: 1\n\n${END_FRAME}`);
    });

    it("is the time after which to come back, with 'reconnect'", async () => {
      const { body } = await readEnd({ onEnd: 'reconnect' });
      expect(withoutJitter(body)).toBe(`data: 1\n\nretry: ${JITTERED}\n\n`);
    });

    it("is nothing, with 'nothing'", async () => {
      expect((await readEnd({ onEnd: 'nothing' })).body).toBe('data: 1\n\n');
    });

    it('is an event of that name with the last id, with { event }', async () => {
      const { body } = await readEnd({ onEnd: { event: 'done' } });
      expect(body).toBe('data: 1\n\nevent: done\nid: ~end\ndata:\n\n');
      const parser = readAsBrowser(body);
      expect(parser.events.at(-1)).toEqual({ type: 'done', data: '', lastEventId: '~end' });
    });

    it.each<[string, SseRouteOptions]>([
      ['stop', { onEnd: 'stop' }],
      ['{ event }', { onEnd: { event: 'done' } }],
    ])('of %s leads a client that comes back with its id to a 204, without the source', async (_name, route) => {
      let started = 0;
      const app = await serve(() => {
        started++;
        return [1];
      }, route);
      const last = readAsBrowser((await read(app)).body).lastEventId;
      const again = new RawClient(app.port, '/stream', { headers: { 'Last-Event-ID': last } });
      await until(() => again.head !== '');
      expect(again.status).toBe(204);
      expect(again.body).toBe('');
      expect(again.header('Cache-Control')).toEqual(['no-store']);
      expect(started).toBe(1);
      again.leave();
    });

    it('of a source without any event is the headers and the end', async () => {
      const client = await read(await serve(() => []));
      expect([client.status, client.body]).toEqual([200, END_FRAME]);
      expect(client.header('Content-Type')).toEqual(['text/event-stream']);
    });

    it('leaves any other id a stream', async () => {
      const client = await read(await serve(() => [1]), { headers: { 'Last-Event-ID': '~end2' } });
      expect(client.status).toBe(200);
    });
  });

  describe('headers', () => {
    /** Each header line of a response, in lower case, with what every server adds of itself left out. */
    const headersOf = ({ head }: RawClient): string[] =>
      head
        .split('\r\n')
        .slice(1)
        .map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()))
        .filter((line) => !/^(date|keep-alive|x-powered-by): /.test(line))
        .toSorted();
    const DEFAULT_HEADERS = [
      'cache-control: no-store, no-transform',
      'connection: keep-alive',
      'content-type: text/event-stream',
      'transfer-encoding: chunked',
      'x-accel-buffering: no',
    ];
    const instead = (...lines: string[]): string[] => {
      const names = lines.map((line) => line.split(':')[0]);
      return [...DEFAULT_HEADERS.filter((line) => !names.includes(line.split(':')[0])), ...lines].toSorted();
    };

    it('are these, each once', async () => {
      const client = await read(await serve(() => [1]));
      expect(client.head.split('\r\n')[0]).toBe('HTTP/1.1 200 OK');
      expect(headersOf(client)).toEqual(DEFAULT_HEADERS);
    });

    it('are sent before the first event', async () => {
      const app = await serve(() => timer(60_000), { openAfter: 10 });
      const client = new RawClient(app.port, '/stream');
      await until(() => client.body !== '');
      expect(headersOf(client)).toEqual(DEFAULT_HEADERS);
      // Firefox reports `open` only at the first byte of the body.
      expect(client.body).toBe(':\n\n');
      client.leave();
    });

    it('may be overridden and added by the route, in any case', async () => {
      const headers = {
        'cache-control': 'public, max-age=29',
        'X-Stream': 'a',
        'CONTENT-TYPE': 'text/event-stream; v=1',
      };
      expect(headersOf(await read(await serve(() => [1], { headers })))).toEqual(
        instead('cache-control: public, max-age=29', 'content-type: text/event-stream; v=1', 'x-stream: a'),
      );
    });

    it('may be overridden by the module', async () => {
      const sse = { headers: { 'Cache-Control': 'no-cache', 'X-Module': 1 } };
      expect(headersOf(await read(await serve(() => [1], {}, sse)))).toEqual(
        instead('cache-control: no-cache', 'x-module: 1'),
      );
    });

    it('with several values are sent once for each value', async () => {
      const client = await read(await serve(() => [1], { headers: { 'Set-Cookie': ['a=1', 'b=2'] } }));
      expect(client.header('Set-Cookie')).toEqual(['a=1', 'b=2']);
    });

    it.each(['Cache-Control', 'cache-control', 'X-Accel-Buffering', 'Connection'])(
      'are without %s when it is undefined',
      async (name) => {
        const client = await read(await serve(() => [1], { headers: { [name]: undefined } }));
        expect(client.header(name)).toEqual([]);
        expect(client.header('Content-Type')).toEqual(['text/event-stream']);
        expect(client.body).toBe(`data: 1\n\n${END_FRAME}`);
      },
    );

    it('may lose by undefined what the module adds, and get it back from the route', async () => {
      class View extends ServerSentEventsView {
        static readonly headers = { 'X-Module': undefined };
        *events(): Iterable<number> {
          yield 1;
        }
      }
      @Controller('stream')
      class Without extends View {}
      @Controller('again')
      class Again extends View {
        @SseRoute({ headers: { 'x-module': 'again' } })
        override *events(): Iterable<number> {
          yield 1;
        }
      }
      const app = await startApp(adapter, { controllers: [Without, Again], sse: { headers: { 'X-Module': 'm' } } });
      expect((await read(app)).header('X-Module')).toEqual([]);
      expect((await fetch(`${app.url}/again`)).headers.get('X-Module')).toBe('again');
    });

    it('are the view’s for each of its streams, before the module’s, in whatever case', async () => {
      @Controller()
      class View extends ServerSentEventsView {
        static readonly headers = { 'x-a': 'view', 'X-B': 'view' };
        @SseRoute('events')
        *events(): Iterable<number> {
          yield 1;
        }
        @SseRoute('stream', { headers: { 'X-B': 'route' } })
        *beside(): Iterable<number> {
          yield 1;
        }
      }
      const app = await startApp(adapter, {
        controllers: [View],
        sse: { headers: { 'X-A': 'module', 'x-b': 'module' } },
      });
      const events = await fetch(`${app.url}/events`);
      expect([events.headers.get('x-a'), events.headers.get('x-b')]).toEqual(['view', 'view']);
      const beside = await read(app);
      expect([beside.header('x-a'), beside.header('x-b')]).toEqual([['view'], ['route']]);
    });

    it('are the route’s where module, view and route write a name in different cases', async () => {
      @Controller('stream')
      class View extends ServerSentEventsView {
        static readonly headers = { 'x-a': 'view' };
        @SseRoute({ headers: { 'X-A': 'route' } })
        *events(): Iterable<number> {
          yield 1;
        }
      }
      const app = await startApp(adapter, { controllers: [View], sse: { headers: { 'X-A': 'module' } } });
      expect((await read(app)).header('x-a')).toEqual(['route']);
    });

    it('may be overridden and added by @Header()', async () => {
      @Controller('stream')
      class View extends ServerSentEventsView {
        @Header('Cache-Control', 'public, max-age=29')
        @Header('X-Stream', 'a')
        *events(): Iterable<number> {
          yield 1;
        }
      }
      const client = await read(await startApp(adapter, { controllers: [View] }));
      expect(headersOf(client)).toEqual(instead('cache-control: public, max-age=29', 'x-stream: a'));
    });

    it('of @Header() stand before those of the module and the view, being the route’s own', async () => {
      @Controller('stream')
      class View extends ServerSentEventsView {
        static readonly headers = { 'X-View': 'view' };
        @Header('Cache-Control', 'public, max-age=29')
        @Header('X-View', 'route')
        *events(): Iterable<number> {
          yield 1;
        }
      }
      const app = await startApp(adapter, { controllers: [View], sse: { headers: { 'Cache-Control': 'no-cache' } } });
      const client = await read(app);
      expect([client.header('Cache-Control'), client.header('X-View')]).toEqual([['public, max-age=29'], ['route']]);
    });
  });

  describe('a method', () => {
    it('HEAD is answered with the headers, and its source does not run on', async () => {
      let pulled = 0;
      let returned = false;
      const app = await serve(async function* () {
        try {
          for (;;) {
            pulled++;
            yield pulled;
          }
        } finally {
          returned = true;
        }
      });
      const client = new RawClient(app.port, '/stream', { method: 'HEAD' });
      await until(() => client.head !== '');
      expect(client.status).toBe(200);
      expect(client.header('Content-Type')).toEqual(['text/event-stream']);
      await until(() => returned);
      expect(pulled).toBeLessThanOrEqual(2);
      expect(client.received.slice(client.head.length + 4)).toBe('');
      client.leave();
    });

    it('POST is answered with 200', async () => {
      const app = await serve(() => [1], { method: RequestMethod.POST });
      const client = await read(app, { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } });
      expect([client.status, client.body]).toEqual([200, `data: 1\n\n${END_FRAME}`]);
      expect((await fetch(`${app.url}/stream`)).status).toBe(404);
    });
  });

  describe('a source', () => {
    async function* asyncGenerator(): AsyncGenerator<number> {
      yield 1;
      await Promise.resolve();
      yield 2;
    }
    function* generator(): Generator<number> {
      yield 1;
      yield 2;
    }
    const asyncIterable = (): AsyncIterable<number> => ({ [Symbol.asyncIterator]: asyncGenerator });
    const SOURCES: readonly [string, () => unknown][] = [
      ['an Observable', () => of(1, 2)],
      [
        'an Observable that pushes later',
        () => timer(0, 1).pipe(concatMap((n) => (n < 2 ? of(n + 1) : throwError(() => 0)))),
      ],
      ['an array', () => [1, 2]],
      ['a Set', () => new Set([1, 2])],
      ['a generator', () => generator()],
      ['an async generator', () => asyncGenerator()],
      ['an AsyncIterable', () => asyncIterable()],
      ['an array of promises', () => [Promise.resolve(1), Promise.resolve(2)]],
    ];

    it.each(SOURCES)('may be %s', async (_name, source) => {
      const { body } = await read(await serve(source));
      expect(body.slice(0, 'data: 1\n\ndata: 2\n\n'.length)).toBe('data: 1\n\ndata: 2\n\n');
    });

    it.each(SOURCES)('may be a promise of %s', async (_name, source) => {
      const { body } = await read(await serve(() => Promise.resolve().then(source)));
      expect(body.slice(0, 'data: 1\n\ndata: 2\n\n'.length)).toBe('data: 1\n\ndata: 2\n\n');
    });

    it('that is an Observable of arrays sends each array as the data of one event', async () => {
      const { body } = await read(await serve(() => from([[1, 2], [3], []])));
      expect(body).toBe(`data: [1,2]\n\ndata: [3]\n\ndata: []\n\n${END_FRAME}`);
    });

    it('that is a generator of arrays sends each array as the data of one event', async () => {
      const { body } = await read(
        await serve(function* () {
          yield [1, 2];
          yield [];
        }),
      );
      expect(body).toBe(`data: [1,2]\n\ndata: []\n\n${END_FRAME}`);
    });

    it('is asked only once the promise has settled, whatever time that takes', async () => {
      const app = await serve(() => new Promise((resolve) => setTimeout(() => resolve([1]), 150)), { openAfter: 5 });
      const client = await read(app);
      expect([client.status, client.body]).toEqual([200, `data: 1\n\n${END_FRAME}`]);
    });

    it.each<[string, unknown, string]>([
      ['undefined', undefined, 'nothing (is a `return` or a `yield` missing?)'],
      ['a number', 5, 'number'],
      ['a string', 'data', 'string'],
      ['an object', { data: 1 }, 'object'],
      ['a function', () => [1], 'function'],
      ['a promise of an object', Promise.resolve({ data: 1 }), 'object'],
    ])('that is %s is a 500, and the log says what a handler returns', async (_name, result, told) => {
      const app = await serve(() => result);
      const client = await read(app);
      expect(client.status).toBe(500);
      const lines = errorLines(app).filter((line) => line.includes('SseSourceError'));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain('StreamController.stream must return an AsyncIterable');
      expect(lines[0]).toContain(told);
    });
  });
});
