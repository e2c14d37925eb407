import { Controller, type Type } from '@nestjs/common';
import { IsInt, IsOptional, IsString } from 'class-validator';
import { concatMap, from, map, of } from 'rxjs';
import {
  ChannelView,
  ServerSentEvent,
  ServerSentEventsView,
  sseEvent,
  SseRoute,
  type EventsOf,
  type PipedEvent,
  type PipeEvents,
  type SseEvent,
  type SseMessage,
  type SseModuleOptions,
  type SseRouteOptions,
  type SseSource,
} from 'nestjs-sse-views';
import { z } from 'zod';
import { ADAPTERS, closeApps, startApp, type TestApp } from '../support/app';
import { closeChannelApps, startChannelApp } from '../support/channel-app';
import { beforeEnd } from '../support/end-frame';
import { RawClient } from '../support/raw-client';
import { until } from '../support/until';

const noIds = { eventId: () => undefined } satisfies SseModuleOptions;
const OWN_NAMES = ['start', 'gap', 'snapshot', 'end', 'stream-error', 'ping', '~', '~end', '~mine'];

class Row {
  @IsInt() id!: number;
  @IsOptional() @IsString() comment?: string;
  @IsOptional() @IsString() event?: string;
  @IsOptional() @IsInt() retry?: number;
}

/** Values that JSON does not express, each with what the message calls it. */
const INEXPRESSIBLE: readonly [string, () => unknown, RegExp][] = [
  ['a promise', () => Promise.resolve(1), /a promise\. Is an "await" missing\?/],
  ['an Observable', () => of(1), /an Observable/],
  ['a Map', () => new Map([['a', 1]]), /a Map/],
  ['a Set', () => new Set([1]), /a Set/],
  ['an Error', () => new Error('secret'), /an Error/],
  ['an Error with fields', () => Object.assign(new Error('secret'), { code: 'E' }), /an Error/],
  ['a Buffer', () => Buffer.from('abc'), /bytes \(Buffer\)/],
  ['a typed array', () => new Float64Array([1]), /bytes \(Float64Array\)/],
  ['an ArrayBuffer', () => new ArrayBuffer(2), /bytes \(ArrayBuffer\)/],
  ['NaN', () => NaN, /NaN/],
  ['Infinity', () => Infinity, /Infinity/],
  ['a bigint', () => 5n, /bigint/],
  ['an invalid date', () => new Date(NaN), /an invalid date/],
  ['a regular expression', () => /a/, /a RegExp/],
  ['an async generator', () => (async function* () {})(), /an iterator/],
];

describe.each(ADAPTERS)('what a handler yields, on %s', (adapter) => {
  afterEach(async () => {
    await closeChannelApps();
    await closeApps();
  });

  const serve = (source: () => unknown, route: SseRouteOptions = {}): Promise<TestApp> => {
    @Controller('stream')
    class StreamController {
      @SseRoute(route)
      stream(): SseSource {
        return source() as SseSource;
      }
    }
    return startApp(adapter, { controllers: [StreamController], sse: noIds });
  };

  const read = async (app: TestApp, path = '/stream'): Promise<RawClient> => {
    const client = new RawClient(app.port, path);
    await until(
      () => client.tail.endsWith('\r\n0\r\n\r\n') || client.received.length === bytesOf(client),
      5_000,
      () => client.received,
    );
    return client;
  };

  /** What a stream of these events sends before its end. */
  const sent = async (events: readonly unknown[], route?: SseRouteOptions): Promise<string> =>
    beforeEnd((await read(await serve(() => events, route))).body);

  const errors = ({ log }: TestApp): string =>
    log
      .filter(({ level }) => level === 'error')
      .map(({ message }) => message)
      .join('\n');
  const warnings = ({ log }: TestApp): string[] =>
    log.filter(({ level }) => level === 'warn').map(({ message }) => message);

  describe('is data, and arrives whole,', () => {
    const ROWS: readonly Row[] = [
      { id: 7, comment: 'nice' },
      { id: 7 },
      { id: 7, event: 'sale', retry: 5 },
      { id: 7, comment: 'nice', event: 'sale', retry: 5 },
    ];
    const EXPECTED = ROWS.map((row) => `data: ${JSON.stringify(row)}\n\n`).join('');

    it.each<[string, SseRouteOptions]>([
      ['without a schema', {}],
      ['with a class as schema', { responseSchema: Row }],
      ['with a Standard Schema', { responseSchema: z.looseObject({ id: z.number() }) }],
    ])('where its keys are those of an envelope, but for data: %s', async (_name, route) => {
      expect(await sent(ROWS, route)).toBe(EXPECTED);
    });

    it('where it has the keys comment, event, id or retry alone', async () => {
      const rows = [{ comment: 'c' }, { event: 'e' }, { id: '1' }, { retry: 5 }, {}];
      expect(await sent(rows)).toBe(rows.map((row) => `data: ${JSON.stringify(row)}\n\n`).join(''));
    });

    it('where it has the key data and another that is no field of an envelope', async () => {
      const rows = [
        { data: 1, rows: 2 },
        { data: 1, raw: 'a' },
        { event: 'e', data: 1, Id: '1' },
      ];
      expect(await sent(rows)).toBe(rows.map((row) => `data: ${JSON.stringify(row)}\n\n`).join(''));
    });

    it('where it is an instance of a class with the keys of an envelope', async () => {
      class Letter {
        event = 'e';
        data = 1;
      }
      expect(await sent([new Letter()])).toBe('data: {"event":"e","data":1}\n\n');
    });
  });

  describe('is an envelope', () => {
    it('where it is a plain object with the key data and no other than the fields, or made by a class of envelopes', async () => {
      const RowEvent = ServerSentEvent(Row);
      const events = [
        { data: null },
        { event: 'e', data: 1, id: 5, retry: 6, comment: 'c' },
        Object.assign(Object.create(null) as object, { data: 2 }),
        new RowEvent({ event: 'row', data: { id: 7, comment: 'nice' } }),
      ];
      expect(await sent(events)).toBe(
        'data: null\n\n: c\nevent: e\nid: 5\nretry: 6\ndata: 1\n\ndata: 2\n\n' +
          'event: row\ndata: {"id":7,"comment":"nice"}\n\n',
      );
    });

    it.each([
      ['an envelope by hand', 'stream-error'],
      ['an own key', '__proto__'],
    ])('that carries anything from outside as { data: untrusted }: %s', async (_name, event) => {
      const untrusted = JSON.parse(`{"data":"hi","retry":2147483647,"id":"~end","event":"${event}"}`) as unknown;
      expect(await sent([{ data: untrusted }, sseEvent({ data: untrusted })])).toBe(
        `data: ${JSON.stringify(untrusted)}\n\n`.repeat(2),
      );
    });

    it('whose data are undefined is refused, and so is undefined itself', async () => {
      for (const event of [undefined, { data: undefined }, { event: 'e', data: undefined, comment: 'c' }]) {
        const app = await serve(() => [event]);
        expect((await read(app)).status).toBe(500);
        expect(errors(app)).toMatch(/SseFieldError: The event's data is undefined/);
        const later = await serve(() => [1, event, 2]);
        const { body } = await read(later);
        expect(body).toMatch(/^data: 1\n\nevent: stream-error\n/);
        expect(body).not.toMatch(/data: 2|: c/);
      }
    });
  });

  describe('is what sseEvent() makes:', () => {
    it('comments and times alone, which no client dispatches', async () => {
      expect(await sent([sseEvent({ comment: 'reading\nthe file' }), sseEvent({ retry: 5 }), 1])).toBe(
        ': reading\n: the file\n\nretry: 5\n\ndata: 1\n\n',
      );
    });

    it('data that look like an envelope', async () => {
      expect(await sent([sseEvent({ data: { data: 1 } }), sseEvent({ event: 'e', id: 7, data: { data: 2 } })])).toBe(
        'data: {"data":1}\n\nevent: e\nid: 7\ndata: {"data":2}\n\n',
      );
    });

    it('data that are validated like any other', async () => {
      const app = await serve(() => [sseEvent({ data: { id: 1 } }), sseEvent({ data: { id: 'one' } })], {
        responseSchema: Row,
      });
      const { body } = await read(app);
      expect(body).toMatch(/^data: {"id":1}\n\nevent: stream-error\n/);
    });

    it.each<[string, SseRouteOptions]>([
      ['JSON', {}],
      ['JSON with a schema, which does not see it', { responseSchema: Row }],
      ['JSON with a record of schemas', { responseSchema: { row: Row } }],
      ['text', { format: 'text' }],
    ])('raw text, as it is, on a route of %s', async (_name, route) => {
      const events = [sseEvent({ raw: '[DONE]' }), sseEvent({ event: 'delta', raw: 'a\r\nb\ndata: c\n\nid: 5' })];
      expect(await sent(events, route)).toBe(
        'data: [DONE]\n\nevent: delta\ndata: a\ndata: b\ndata: data: c\ndata: \ndata: id: 5\n\n',
      );
    });

    it('nothing that cannot be sent: it throws where it is made', async () => {
      const app = await serve(function* () {
        yield sseEvent({ event: 'gap', data: 1 });
      });
      expect((await read(app)).status).toBe(500);
      expect(errors(app)).toContain('a name that the library keeps for its own events');
    });
  });

  it.each(OWN_NAMES)('may not have the library’s own name %s', async (event) => {
    for (const value of [{ event, data: 1 }, new (ServerSentEvent(Row))({ event, data: { id: 1 } })]) {
      const app = await serve(() => [0, value, 2]);
      const { body } = await read(app);
      expect(body).toMatch(/^data: 0\n\nevent: stream-error\nretry: \d+\ndata: .*"status":500}\n\n$/);
      expect(errors(app)).toContain(`is "${event}", a name that the library keeps for its own events`);
    }
  });

  describe('that JSON cannot express is refused by its name:', () => {
    it.each(INEXPRESSIBLE)('%s', async (_name, make, reason) => {
      for (const wrong of [() => ({ data: make() }), () => ({ a: [1, { b: make() }] })]) {
        const app = await serve(() => [1, wrong(), 2]);
        const { body } = await read(app);
        expect(body).toMatch(/^data: 1\n\nevent: stream-error\n/);
        expect(body).not.toMatch(/data: 2|secret/);
        expect(errors(app)).toMatch(reason);
      }
    });

    it.each(INEXPRESSIBLE)('%s that onInvalid gives in an event’s place', async (_name, make, reason) => {
      const app = await serve(() => [{ id: 1 }, { id: 'one' }, { id: 2 }], {
        responseSchema: Row,
        onInvalid: () => ({ data: { b: make() } }),
      });
      const { body } = await read(app);
      expect(body).toMatch(/^data: {"id":1}\n\nevent: stream-error\n/);
      expect(body).not.toContain('{"id":2}');
      expect(errors(app)).toMatch(reason);
    });

    it('a value whose toJSON gives nothing', async () => {
      const app = await serve(() => [1, { data: { toJSON: () => undefined } }]);
      expect((await read(app)).body).toMatch(/^data: 1\n\nevent: stream-error\n/);
      expect(errors(app)).toMatch(/cannot be written as JSON/);
    });
  });

  describe('published to a channel', () => {
    @Controller('news')
    class NewsView extends ChannelView {
      static readonly channel = 'news';
    }

    it('is refused with what would reach past its readers’ data', async () => {
      const { channel } = await startChannelApp(adapter, { controllers: [NewsView] });
      const untrusted = JSON.parse('{"data":"hi","retry":2147483647,"event":"stream-error"}') as object;
      await expect(channel.publish(untrusted)).rejects.toMatchObject({ code: 'SSE_INVALID_FIELD' });
      for (const [field, value] of [
        ['retry', 2_147_483_647],
        ['event', 'stream-error'],
        ['id', '~end'],
      ] as const) {
        await expect(channel.publish({ data: 'hi', [field]: value })).rejects.toMatchObject({ field });
        await expect(channel.publish({ data: 'hi', [field]: undefined })).resolves.toMatchObject({ duplicate: false });
      }
    });

    it('carries anything from outside as { data: untrusted }, and a row with the keys of an envelope whole', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView] });
      const client = app.connect('/news');
      await client.untilEvents(1);
      const untrusted = JSON.parse('{"data":"hi","retry":2147483647,"event":"stream-error","id":"~end"}') as object;
      await app.channel.publish({ data: untrusted });
      await app.channel.publish({ id: 7, comment: 'nice' });
      await client.untilEvents(3);
      expect(client.data).toEqual([untrusted, { id: 7, comment: 'nice' }]);
    });

    it('may be raw text, which is sent as it is, without the schema', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView], channel: { schema: Row } });
      const client = new RawClient(app.port, '/news');
      await client.untilBody((body) => body.includes('event: start\n') && body.endsWith('\n\n'));
      const { id } = await app.channel.publish(sseEvent({ event: 'delta', raw: '[DONE]\nlast' }));
      const body = await client.untilBody((text) => text.endsWith('data: last\n\n'));
      expect(body.endsWith(`\n\nid: ${id}\nevent: delta\ndata: [DONE]\ndata: last\n\n`)).toBe(true);
      client.leave();
    });

    it.each(INEXPRESSIBLE)('is refused by its name where JSON cannot express it: %s', async (_name, make, reason) => {
      const { channel } = await startChannelApp(adapter, { controllers: [NewsView] });
      await expect(channel.publish({ data: make() })).rejects.toThrow(reason);
      await expect(channel.publish({ a: [{ b: make() }] })).rejects.toThrow(reason);
      expect(channel.counts.published).toBe(0);
    });
  });

  describe('goes through pipe(), which', () => {
    const piped = (pipe: PipeEvents, events: readonly SseEvent[] = [1]): Promise<TestApp> =>
      serve(() => events, { pipe });

    it('gets the framework’s request', async () => {
      const seen: unknown[] = [];
      @Controller('stream')
      class View extends ServerSentEventsView<number> {
        *events() {
          yield 1;
        }
        override pipe(events$: Parameters<PipeEvents>[0], request: { query: { factor: string }; headers: object }) {
          seen.push(this instanceof View, 'accept' in request.headers);
          return events$.pipe(map(({ data }) => ({ data: (data as number) * Number(request.query.factor) })));
        }
      }
      const app = await startApp(adapter, { controllers: [View], sse: noIds });
      expect(beforeEnd((await read(app, '/stream?factor=7')).body)).toBe('data: 7\n\n');
      expect(beforeEnd((await read(app, '/stream?factor=8')).body)).toBe('data: 8\n\n');
      expect(seen).toEqual([true, true, true, true]);
    });

    it('is given the request where it is an option, too', async () => {
      const app = await piped((events$, request) =>
        events$.pipe(map(() => ({ data: (request as { url: string }).url }))),
      );
      expect(beforeEnd((await read(app)).body)).toBe('data: "/stream"\n\n');
    });

    it('may give messages, changed or not, envelopes, what sseEvent() makes, and Nest’s { type, data }', async () => {
      const RowEvent = ServerSentEvent(Row);
      const app = await piped((events$) =>
        events$.pipe(
          concatMap((message): PipedEvent[] => [
            message,
            { ...message, data: 2 },
            { event: 'update', data: 3, id: 7 },
            { type: 'nest', data: 4, id: '8' } as SseMessage,
            { type: 'same', event: 'same', data: 5 } as SseMessage,
            sseEvent({ comment: 'c' }),
            sseEvent({ raw: '[DONE]' }),
            new RowEvent({ event: 'row', data: { id: 9 } }),
            { comment: 'by hand' },
            { retry: 5 },
            { data: null },
          ]),
        ),
      );
      expect(beforeEnd((await read(app)).body)).toBe(
        'data: 1\n\ndata: 2\n\nevent: update\nid: 7\ndata: 3\n\nevent: nest\nid: 8\ndata: 4\n\nevent: same\ndata: 5\n\n' +
          ': c\n\ndata: [DONE]\n\nevent: row\ndata: {"id":9}\n\n: by hand\n\nretry: 5\n\ndata: null\n\n',
      );
    });

    it.each<[string, unknown, RegExp]>([
      ['an object with another key', { event: 'a', payload: 1, data: 1 }, /It gave an object with the key "payload"/],
      ['the data alone', { symbol: 'ACME' }, /the key "symbol"/],
      ['a number', 5, /It gave a number/],
      ['a string', 'data', /It gave a string/],
      ['undefined', undefined, /It gave a undefined|It gave undefined/],
      ['null', null, /It gave null/],
      ['two different names', { event: 'a', type: 'b', data: 1 }, /two names/],
      ['a name without data', { event: 'a' }, /without data/],
      ['an id without data', { id: '1' }, /without data/],
      ['an empty object', {}, /without data/],
      ['an own name', { event: 'gap', data: 1 }, /a name that the library keeps/],
      ['an own name as Nest calls it', { type: 'stream-error', data: 1 }, /a name that the library keeps/],
    ])('may not give %s', async (_name, wrong, reason) => {
      const app = await piped(
        (events$) => events$.pipe(map((message) => (message.data === 2 ? (wrong as SseMessage) : message))),
        [1, 2, 3],
      );
      const { body } = await read(app);
      expect(body).toMatch(/^data: 1\n\nevent: stream-error\n/);
      expect(body).not.toContain('data: 3');
      expect(errors(app)).toMatch(reason);
    });

    it.each<[string, () => unknown]>([
      ['nothing', () => undefined],
      ['null', () => null],
      ['an array', () => [{ data: 1 }]],
    ])('must return an Observable, and not %s', async (_name, pipe) => {
      const app = await piped(pipe as unknown as PipeEvents);
      expect((await read(app)).status).toBe(500);
      expect(errors(app)).toContain('pipe() must return an Observable. Is a "return" missing?');
    });

    it('must return an Observable, and not a promise of one', async () => {
      const app = await piped((() => Promise.resolve(of({ data: 1 }))) as unknown as PipeEvents);
      expect((await read(app)).status).toBe(500);
      expect(errors(app)).toContain('pipe() must not return a promise. Is it async?');
    });
  });

  describe('in the shape of Nest’s MessageEvent', () => {
    const MESSAGES = [
      { type: 'price', data: 1, id: '1' },
      { type: 'price', data: 2, id: '2' },
    ];
    const WHOLE = MESSAGES.map((message) => `data: ${JSON.stringify(message)}\n\n`).join('');

    it('is data, sent whole, and the log says so once for each route', async () => {
      const app = await serve(() => from(MESSAGES));
      expect(beforeEnd((await read(app)).body)).toBe(WHOLE);
      expect(beforeEnd((await read(app)).body)).toBe(WHOLE);
      expect(warnings(app)).toEqual([
        expect.stringMatching(/^StreamController\.stream yields objects with the keys "type" and "data"/),
      ]);
    });

    it.each<[string, SseRouteOptions, string]>([
      ['with operators', { pipe: (events$) => events$ }, WHOLE],
      [
        'whose schema takes the name away',
        { responseSchema: z.object({ data: z.number(), id: z.string() }) },
        WHOLE.replaceAll('"type":"price",', ''),
      ],
      [
        'with operators, whose schema takes the name away',
        { responseSchema: z.object({ data: z.number(), id: z.string() }), pipe: (events$) => events$ },
        WHOLE.replaceAll('"type":"price",', ''),
      ],
    ])('is said once, too, for a route %s', async (_what, route, expected) => {
      const app = await serve(() => MESSAGES, route);
      expect(beforeEnd((await read(app)).body)).toBe(expected);
      expect(beforeEnd((await read(app)).body)).toBe(expected);
      expect(warnings(app)).toEqual([
        expect.stringMatching(/^StreamController\.stream yields objects with the keys "type" and "data"/),
      ]);
    });

    it('is said once for a channel without a schema that it is published to', async () => {
      const app = await startChannelApp(adapter, {});
      for (const message of [...MESSAGES, { data: MESSAGES[0] }]) {
        await app.channel.publish(message);
      }
      expect(app.channel.counts.published).toBe(3);
      expect(warnings(app)).toEqual([
        expect.stringMatching(/^The channel "news" is given objects with the keys "type" and "data"/),
      ]);
    });

    it('is said for each route that does it', async () => {
      @Controller()
      class Two {
        @SseRoute('stream')
        one(): SseSource {
          return MESSAGES;
        }
        @SseRoute('other')
        two(): SseSource {
          return MESSAGES;
        }
      }
      const app = await startApp(adapter, { controllers: [Two], sse: noIds });
      await Promise.all([read(app), read(app, '/other'), read(app)]);
      expect(warnings(app).map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(['Two.one', 'Two.two']));
      expect(warnings(app)).toHaveLength(2);
    });

    it.each<[string, SseRouteOptions, unknown]>([
      ['a schema accepts', { responseSchema: z.looseObject({ type: z.string() }) }, MESSAGES[0]],
      ['stand in an envelope', {}, { data: MESSAGES[0] }],
    ])('is no reason for a warning where the rows %s', async (_name, route, event) => {
      const app = await serve(() => [event], route);
      expect(beforeEnd((await read(app)).body)).toBe(`data: ${JSON.stringify(MESSAGES[0])}\n\n`);
      expect(warnings(app)).toEqual([]);
    });
  });

  describe('is named after its class with typedEvents', () => {
    const serveTyped = (view: Type): Promise<TestApp> => {
      Controller('stream')(view);
      return startApp(adapter, { controllers: [view], sse: { ...noIds, typedEvents: true } });
    };
    class Bw {
      @IsInt() price!: number;
    }
    class Cx {
      @IsString() reason!: string;
    }
    const schemas = { price: Bw, halt: Cx, pause: Cx };
    const bw = Object.assign(new Bw(), { price: 1 });
    const cx = Object.assign(new Cx(), { reason: 'volatility' });

    it('and by the record’s key where the schema is a record, whatever a build calls the class', async () => {
      class View extends ServerSentEventsView<EventsOf<typeof schemas>> {
        static readonly responseSchema = schemas;
        *events() {
          yield bw as never;
          yield cx as never;
          yield { event: 'pause' as const, data: cx };
        }
      }
      expect(beforeEnd((await read(await serveTyped(View))).body)).toBe(
        'event: price\ndata: {"price":1}\n\nevent: halt\ndata: {"reason":"volatility"}\n\n' +
          'event: pause\ndata: {"reason":"volatility"}\n\n',
      );
    });

    it('and by the class’s own name elsewhere', async () => {
      class View extends ServerSentEventsView<Bw> {
        static readonly responseSchema = Bw;
        *events() {
          yield bw;
        }
      }
      expect(beforeEnd((await read(await serveTyped(View))).body)).toBe('event: Bw\ndata: {"price":1}\n\n');
    });
  });
});

/** The bytes of a response whose length its head tells. */
function bytesOf(client: RawClient): number {
  const [length] = client.header('Content-Length');
  return length === undefined ? NaN : client.head.length + 4 + Number(length);
}
