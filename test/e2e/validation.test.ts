import { Controller } from '@nestjs/common';
import { type } from 'arktype';
import { Exclude, Expose, Type } from 'class-transformer';
import { IsNumber, IsString, MinLength, ValidateNested } from 'class-validator';
import {
  concatMap,
  delay,
  EMPTY,
  filter,
  from,
  map,
  Observable,
  of,
  scan,
  share,
  shareReplay,
  Subject,
  tap,
} from 'rxjs';
import * as v from 'valibot';
import { z } from 'zod';
import {
  ServerSentEvent,
  ServerSentEventsView,
  SseConnections,
  sseEvent,
  SseRoute,
  SseValidationError,
  type SseEvent,
  type SseMessage,
  type SseModuleOptions,
  type SseRouteOptions,
  type SseSource,
  type StandardSchema,
} from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp, type TestApp } from '../support/app';
import { beforeEnd, SILENT_END_FRAME } from '../support/end-frame';
import { RawClient } from '../support/raw-client';
import { fetchEvents, parseEvents } from '../support/read-events';
import { until } from '../support/until';

class Price {
  @IsString() symbol!: string;
  @IsNumber() price!: number;
}

class Halt {
  @MinLength(3) reason!: string;
}

/** What an event of a test comes to: its name and its data. */
type Seen = [event: string | undefined, data: unknown];

const VALID = { symbol: 'ACME', price: 1 };
const INVALID = { symbol: 'ACME', price: 'dear' };
const ERROR_EVENT: Seen = ['stream-error', { type: 'about:blank', title: 'Internal Server Error', status: 500 }];

describe.each(ADAPTERS)('validation, on %s', (adapter) => {
  afterEach(closeApps);

  /** An application with one stream, at `/stream`, of what `source` returns. */
  const serve = (source: () => unknown, route: SseRouteOptions = {}, sse: SseModuleOptions = {}): Promise<TestApp> => {
    @Controller('stream')
    class StreamController {
      @SseRoute(route)
      stream(): SseSource {
        return source() as SseSource;
      }
    }
    return startApp(adapter, { controllers: [StreamController], sse });
  };

  const seen = async ({ url }: TestApp): Promise<Seen[]> =>
    (await fetchEvents(`${url}/stream`)).map(({ event, data }) => [event, data]);

  /** What a client reads of a stream of these events. */
  const send = async (
    events: Iterable<unknown>,
    route: SseRouteOptions = {},
    sse?: SseModuleOptions,
  ): Promise<Seen[]> => seen(await serve(() => events, route, sse));

  const dataOf = (events: readonly Seen[]): unknown[] => events.map(([, data]) => data);

  const statusOf = async ({ url }: TestApp): Promise<number> => {
    const response = await fetch(`${url}/stream`);
    await response.text();
    return response.status;
  };

  const logged = (app: TestApp, level: string): string[] =>
    app.log.filter((line) => line.level === level).map(({ message }) => message);

  describe('by a class', () => {
    it('takes plain objects and instances, and refuses what does not fit', async () => {
      const instance = Object.assign(new Price(), VALID);
      expect(
        await send([VALID, instance, { event: 'a', data: VALID }, INVALID, VALID], { responseSchema: Price }),
      ).toEqual([[undefined, VALID], [undefined, VALID], ['a', VALID], ERROR_EVENT]);
    });

    it.each([[1], ['text'], [null], [[VALID]], [true]])('refuses %j, which is no object of it', async (data) => {
      expect(await send([VALID, { data }], { responseSchema: Price })).toEqual([[undefined, VALID], ERROR_EVENT]);
    });

    it('validates nested classes, and names the path of what does not fit', async () => {
      class Order {
        @ValidateNested()
        @Type(() => Price)
        best!: Price;

        @ValidateNested({ each: true })
        @Type(() => Price)
        all!: Price[];
      }
      const order = { best: VALID, all: [VALID, VALID] };
      const app = await serve(() => [order, { best: VALID, all: [VALID, INVALID] }], { responseSchema: Order });
      expect(await seen(app)).toEqual([[undefined, order], ERROR_EVENT]);
      expect(logged(app, 'error').join('\n')).toContain('all.1.price: price must be a number');
    });

    it('does not let through unchecked what an instance holds as a plain object', async () => {
      class Order {
        @ValidateNested()
        @Type(() => Price)
        best!: Price;
      }
      const order = Object.assign(new Order(), { best: INVALID });
      expect(await send([{ best: VALID }, order], { responseSchema: Order })).toEqual([
        [undefined, { best: VALID }],
        ERROR_EVENT,
      ]);
    });

    it('makes no other object of an instance', async () => {
      let constructed = 0;
      class Counted {
        @IsNumber() n: number;
        constructor() {
          this.n = ++constructed;
        }
      }
      const instance = new Counted();
      expect(dataOf(await send([instance, instance], { responseSchema: Counted }))).toEqual([{ n: 1 }, { n: 1 }]);
      expect(constructed).toBe(1);
    });

    it('makes an instance of a plain object, so that its getters and defaults are there', async () => {
      class WithDefault {
        @IsString() currency = 'EUR';
        @IsNumber() price!: number;
        @Expose()
        get label(): string {
          return `${this.price} ${this.currency}`;
        }
      }
      expect(dataOf(await send([{ price: 5 }], { responseSchema: WithDefault }))).toEqual([
        { currency: 'EUR', price: 5, label: '5 EUR' },
      ]);
    });

    it('takes an instance of a subclass as it is', async () => {
      class Dividend extends Price {
        @IsNumber() share!: number;
      }
      const dividend = Object.assign(new Dividend(), { ...VALID, share: 2 });
      const wrong = Object.assign(new Dividend(), { ...VALID, share: 'all' });
      expect(await send([dividend, wrong], { responseSchema: Price })).toEqual([
        [undefined, { ...VALID, share: 2 }],
        ERROR_EVENT,
      ]);
    });

    it('refuses to start with a class without one rule, which would validate nothing', async () => {
      class Anything {
        a?: unknown;
      }
      const starting = (responseSchema: NonNullable<SseRouteOptions['responseSchema']>): Promise<TestApp> =>
        serve(() => [], { responseSchema });
      const message =
        'StreamController.stream: the class Anything has no decorator of class-validator: as a schema it validates nothing';
      for (const schema of [Anything, ServerSentEvent(Anything), { price: Price, any: Anything }]) {
        await expect(starting(schema)).rejects.toThrow(message);
      }
    });

    describe('with @Expose and @Exclude', () => {
      class Account {
        @IsString() name!: string;
        @IsString() @Exclude() password!: string;
        @IsString() @Expose({ groups: ['admin'] }) email!: string;
        @IsString() @Expose({ name: 'display_name' }) displayName!: string;
      }
      const fields = { name: 'a', password: 'b', email: 'c', displayName: 'd' };
      const forms: [string, () => object][] = [
        ['an instance', () => Object.assign(new Account(), fields)],
        ['a plain object', () => fields],
      ];

      it.each(forms)('leaves out of %s what is excluded, or exposed to another group', async (_form, make) => {
        expect(dataOf(await send([make()], { responseSchema: Account }))).toEqual([{ name: 'a', display_name: 'd' }]);
      });

      it.each(forms)('sends of %s what is exposed to the groups of serializerOptions', async (_form, make) => {
        const options = { responseSchema: Account, serializerOptions: { groups: ['admin'] } };
        expect(dataOf(await send([make()], options))).toEqual([{ name: 'a', email: 'c', display_name: 'd' }]);
      });

      it.each(forms)('takes serializerOptions of the module for %s', async (_form, make) => {
        const sse = { serializerOptions: { groups: ['admin'], excludePrefixes: ['n'] } };
        expect(dataOf(await send([make()], { responseSchema: Account }, sse))).toEqual([
          { email: 'c', display_name: 'd' },
        ]);
      });
    });
  });

  describe('by a Standard Schema', () => {
    const Tick = z.object({ price: z.number(), at: z.string().transform((text) => text.length) });
    const SCHEMAS: [string, NonNullable<SseRouteOptions['responseSchema']>][] = [
      ['zod', Tick],
      [
        'valibot',
        v.object({
          price: v.number(),
          at: v.pipe(
            v.string(),
            v.transform((text) => text.length),
          ),
        }),
      ],
      [
        'arktype, whose schemas are functions',
        type({ price: 'number', at: type('string').pipe((text) => text.length) }),
      ],
    ];

    it.each(SCHEMAS)('of %s sends its output, and refuses what does not fit', async (_library, responseSchema) => {
      const app = await serve(
        () => [
          { price: 1, at: 'noon' },
          { event: 'tick', data: { price: 2, at: '' } },
          { price: 'dear', at: 'noon' },
        ],
        { responseSchema },
      );
      expect(await seen(app)).toEqual([[undefined, { price: 1, at: 4 }], ['tick', { price: 2, at: 0 }], ERROR_EVENT]);
      expect(logged(app, 'error').join('\n')).toMatch(/SseValidationError: The data of an event do not fit .* price: /);
    });

    it('sends primitives, null and arrays where the schema takes them', async () => {
      const responseSchema = z.union([z.number(), z.null(), z.array(z.string())]);
      expect(dataOf(await send([0, { data: null }, ['a']], { responseSchema }))).toEqual([0, null, ['a']]);
    });

    it('keeps the order of the events though each is validated in its own time', async () => {
      const responseSchema = z.number().refine(async (n) => {
        await new Promise((resolve) => setTimeout(resolve, (7 - n) * 3));
        return true;
      });
      const inOrder = [1, 2, 3, 4, 5, 6];
      expect(dataOf(await send(inOrder, { responseSchema }))).toEqual(inOrder);
      const pushed = await serve(() => from(inOrder), { responseSchema });
      expect(dataOf(await seen(pushed))).toEqual(inOrder);
    });

    it('refuses by an asynchronous finding, and sends what was before it and nothing of what is after', async () => {
      const responseSchema = z.number().refine((n) => Promise.resolve(n !== 3), 'must not be three');
      const app = await serve(() => of(1, 2, 3, 4), { responseSchema });
      expect(await seen(app)).toEqual([[undefined, 1], [undefined, 2], ERROR_EVENT]);
      expect(logged(app, 'error').join('\n')).toContain('must not be three');
    });

    it('sends what waits for it before the error of a value that is no event', async () => {
      const responseSchema = z.number().refine(async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return true;
      });
      const app = await serve(() => of(1, 2, undefined, 4) as Observable<number>, { responseSchema });
      expect(await seen(app)).toEqual([[undefined, 1], [undefined, 2], ERROR_EVENT]);
      expect(logged(app, 'error').join('\n')).toContain('is undefined, which JSON cannot express');
    });

    it('that throws, or rejects, ends the stream like any error', async () => {
      const broken = (validate: () => never | Promise<never>): SseRouteOptions['responseSchema'] =>
        ({ '~standard': { version: 1, vendor: 'test', validate } }) as SseRouteOptions['responseSchema'];
      const throwing = broken(() => {
        throw new Error('broken schema');
      });
      const rejecting = broken(() => Promise.reject(new Error('broken schema')));
      for (const responseSchema of [throwing, rejecting]) {
        const app = await serve(() => [1], { responseSchema });
        expect(await statusOf(app)).toBe(500);
        expect(logged(app, 'error').join('\n')).toContain('broken schema');
      }
    });
  });

  describe('by a record of event names', () => {
    const responseSchema = { price: Price, halt: z.object({ reason: z.string().toUpperCase() }) };

    it('gives each name its own schema', async () => {
      const events = [
        { event: 'price', data: VALID },
        { event: 'halt', data: { reason: 'volatility' } },
        { event: 'halt', data: VALID },
      ];
      expect(await send(events, { responseSchema })).toEqual([
        ['price', VALID],
        ['halt', { reason: 'VOLATILITY' }],
        ERROR_EVENT,
      ]);
    });

    it.each<[string, unknown]>([
      ['a name outside it', { event: 'trade', data: VALID }],
      ['no name', { data: VALID }],
      ['data alone', VALID],
      ['a name that every object has', { event: 'constructor', data: VALID }],
    ])('refuses %s', async (_name, event) => {
      const app = await serve(() => [{ event: 'price', data: VALID }, event], { responseSchema });
      expect(await seen(app)).toEqual([['price', VALID], ERROR_EVENT]);
      expect(logged(app, 'error').join('\n')).toContain(`the event's name must be one of "price", "halt"`);
    });

    it('takes the class of the data for the name with typedEvents', async () => {
      const events = [Object.assign(new Price(), VALID), Object.assign(new Halt(), { reason: 'volatility' })];
      expect(await send(events, { responseSchema: { Price, Halt }, typedEvents: true })).toEqual([
        ['Price', VALID],
        ['Halt', { reason: 'volatility' }],
      ]);
    });
  });

  describe('with ServerSentEvent(Model)', () => {
    class PriceEvent extends ServerSentEvent(Price) {}

    it('takes its instances as envelopes', async () => {
      const data = Object.assign(new Price(), VALID);
      const { url } = await serve(
        () => [new PriceEvent({ event: 'price', id: '7', data }), new (ServerSentEvent(Price))({ id: '8', data })],
        { responseSchema: Price },
      );
      expect(await fetchEvents(`${url}/stream`)).toEqual([
        { event: 'price', id: '7', data: VALID },
        { event: undefined, id: '8', data: VALID },
      ]);
    });

    it.each([
      ['itself', ServerSentEvent(Price)],
      ['a class that extends it', PriceEvent],
    ])('stands for its model as a responseSchema: %s', async (_form, responseSchema) => {
      expect(await send([VALID, INVALID], { responseSchema })).toEqual([[undefined, VALID], ERROR_EVENT]);
    });

    it('stands for its model in a record, too', async () => {
      const options = { responseSchema: { price: PriceEvent } };
      expect(
        await send(
          [
            { event: 'price', data: VALID },
            { event: 'price', data: INVALID },
          ],
          options,
        ),
      ).toEqual([['price', VALID], ERROR_EVENT]);
    });
  });

  describe('with typedEvents', () => {
    it('names an event after the class of its data, and an envelope’s own name stands', async () => {
      const price = Object.assign(new Price(), VALID);
      const events = [price, { data: price }, { event: 'tick', data: price }, { plain: true }];
      expect(await send(events, { typedEvents: true })).toEqual([
        ['Price', VALID],
        ['Price', VALID],
        ['tick', VALID],
        [undefined, { plain: true }],
      ]);
    });

    it('names plain data after the model, which they are made of', async () => {
      expect(await send([VALID], { typedEvents: true, responseSchema: Price })).toEqual([['Price', VALID]]);
      expect(await send([VALID], { responseSchema: ServerSentEvent(Price) }, { typedEvents: true })).toEqual([
        ['Price', VALID],
      ]);
    });

    it('names nothing without the option', async () => {
      expect(await send([Object.assign(new Price(), VALID)])).toEqual([[undefined, VALID]]);
    });
  });

  describe('of an event without data', () => {
    it('does not take place', async () => {
      const events = [sseEvent({ comment: 'c' }), sseEvent({ retry: 5 }), sseEvent({ raw: 'r' }), { data: VALID }];
      const app = await serve(() => events, { responseSchema: Price, eventId: () => undefined });
      const response = await fetch(`${app.url}/stream`);
      expect(await response.text()).toBe(
        `: c\n\nretry: 5\n\ndata: r\n\ndata: ${JSON.stringify(VALID)}\n\n${SILENT_END_FRAME}`,
      );
    });

    it('does not take place by a record of names either', async () => {
      const events = [sseEvent({ comment: 'c' }), { event: 'Price', data: VALID }];
      expect(await send(events, { responseSchema: { Price } })).toEqual([['Price', VALID]]);
    });
  });

  describe('onInvalid', () => {
    const two = { responseSchema: Price } satisfies SseRouteOptions;
    const events = [VALID, { event: 'price', data: INVALID }, { symbol: 'NEXT', price: 2 }];

    it("'error', the default, logs the issues once, sends one stream-error and ends", async () => {
      for (const route of [two, { ...two, onInvalid: 'error' as const }]) {
        const app = await serve(() => events, route);
        const response = await fetch(`${app.url}/stream`);
        const body = await response.text();
        expect(response.status).toBe(200);
        expect(parseEvents(body).map(({ event }) => event)).toEqual([undefined, 'stream-error']);
        expect(body).not.toMatch(/dear|NEXT|price must be|~end/);
        const lines = logged(app, 'error').filter((line) => line.includes('price must be a number'));
        expect(lines).toHaveLength(1);
        expect(lines[0]).toContain('event "price"');
        expect(lines[0]).toContain('StreamController.stream');
      }
    });

    it("'error' on the first event is a status 500, which tells the client nothing and the log everything", async () => {
      const app = await serve(() => [INVALID, VALID], two);
      const response = await fetch(`${app.url}/stream`);
      expect(response.status).toBe(500);
      expect(await response.text()).not.toMatch(/price|ACME/);
      expect(logged(app, 'error').join('\n')).toContain('price: price must be a number');
    });

    it("'drop' logs the issues and goes on", async () => {
      const app = await serve(() => [INVALID, ...events], { ...two, onInvalid: 'drop' });
      expect(dataOf(await seen(app))).toEqual([VALID, { symbol: 'NEXT', price: 2 }]);
      const warnings = logged(app, 'warn').filter((line) => line.includes('price must be a number'));
      expect(warnings).toHaveLength(2);
      expect(warnings[1]).toContain('StreamController.stream: dropped an event');
      expect(warnings[1]).toContain('event "price"');
      expect(logged(app, 'error')).toEqual([]);
    });

    it("'drop' goes on with an asynchronous schema, too, in order", async () => {
      const responseSchema = z.number().refine((n) => Promise.resolve(n % 2 === 0));
      const app = await serve(() => of(1, 2, 3, 4, 5), { responseSchema, onInvalid: 'drop' });
      expect(dataOf(await seen(app))).toEqual([2, 4]);
    });

    it('a function is given the findings and the event, and what it returns is sent unvalidated', async () => {
      const calls: [SseValidationError, SseMessage][] = [];
      const onInvalid = (error: SseValidationError, event: SseMessage): SseEvent => {
        calls.push([error, event]);
        return { event: 'invalid', data: { issues: error.issues.length } };
      };
      expect(await send(events, { ...two, onInvalid })).toEqual([
        [undefined, VALID],
        ['invalid', { issues: 1 }],
        [undefined, { symbol: 'NEXT', price: 2 }],
      ]);
      const [[error, event]] = calls as [[SseValidationError, SseMessage]];
      expect(error).toBeInstanceOf(SseValidationError);
      expect(error).toMatchObject({ code: 'SSE_INVALID_DATA', event: 'price' });
      expect(error.issues).toEqual([{ path: ['price'], message: expect.stringContaining('must be a number') }]);
      expect(event).toMatchObject({ event: 'price', data: INVALID });
    });

    it('a function may return data alone, and null is data', async () => {
      expect(dataOf(await send(events, { ...two, onInvalid: () => null }))[1]).toBeNull();
      expect(dataOf(await send(events, { ...two, onInvalid: () => 'replaced' }))[1]).toBe('replaced');
    });

    it('a function that returns undefined drops the event, and the log says so', async () => {
      const app = await serve(() => events, { ...two, onInvalid: () => undefined });
      expect(dataOf(await seen(app))).toEqual([VALID, { symbol: 'NEXT', price: 2 }]);
      expect(logged(app, 'warn').join('\n')).toContain('dropped an event');
    });

    it('a function that throws ends the stream with its error', async () => {
      const onInvalid = (): never => {
        throw new Error('enough');
      };
      const app = await serve(() => events, { ...two, onInvalid });
      expect(await seen(app)).toEqual([[undefined, VALID], ERROR_EVENT]);
      expect(logged(app, 'error').join('\n')).toContain('enough');
    });

    it('is taken from the module where the route says nothing', async () => {
      expect(dataOf(await send(events, two, { onInvalid: 'drop' }))).toEqual([VALID, { symbol: 'NEXT', price: 2 }]);
    });
  });

  describe('and pipe', () => {
    it('comes before it: pipe sees the output of the schema', async () => {
      const inPipe: unknown[] = [];
      const route: SseRouteOptions = {
        responseSchema: z.string().transform((text) => text.length),
        pipe: (events$) =>
          events$.pipe(
            map((event) => {
              inPipe.push(event.data);
              return { ...event, data: { length: event.data } };
            }),
          ),
      };
      expect(dataOf(await send(['a', 'bcd'], route))).toEqual([{ length: 1 }, { length: 3 }]);
      expect(inPipe).toEqual([1, 3]);
    });

    it('does not let an invalid event reach it', async () => {
      const inPipe: unknown[] = [];
      const pipe: SseRouteOptions['pipe'] = (events$) => events$.pipe(map((event) => (inPipe.push(event.data), event)));
      await send([VALID, INVALID, VALID], { responseSchema: Price, onInvalid: 'drop', pipe });
      expect(inPipe).toEqual([VALID, VALID]);
    });

    it('gives its events the name, id and data that pipe returns', async () => {
      const pipe: SseRouteOptions['pipe'] = (events$) =>
        events$.pipe(map(({ data }) => ({ type: 'piped', id: `id-${String(data)}`, data })));
      const { url } = await serve(() => [1], { pipe });
      expect(await fetchEvents(`${url}/stream`)).toEqual([{ event: 'piped', id: 'id-1', data: 1 }]);
    });

    it('lets operators leave events out, add some, and put several together', async () => {
      const pipe: SseRouteOptions['pipe'] = (events$) =>
        events$.pipe(
          filter(({ data }) => data !== 2),
          scan((sum, { data }) => ({ data: (sum.data as number) + (data as number) }), { data: 0 } as SseMessage),
          concatMap((event) => [event, { comment: 'sum' }]),
        );
      const { url } = await serve(() => of(1, 2, 3), { pipe, eventId: () => undefined });
      const response = await fetch(`${url}/stream`);
      expect(await response.text()).toBe('data: 1\n\n: sum\n\ndata: 4\n\n: sum\n\n' + SILENT_END_FRAME);
    });

    it('lets an operator hold events for a time, and sends them before the end', async () => {
      const pipe: SseRouteOptions['pipe'] = (events$) => events$.pipe(concatMap((event) => of(event).pipe(delay(5))));
      expect(dataOf(await send([1, 2, 3], { pipe }))).toEqual([1, 2, 3]);
      const pushed = await serve(() => of(1, 2, 3), { pipe });
      expect(dataOf(await seen(pushed))).toEqual([1, 2, 3]);
    });

    it('may be shared, and may end the stream by itself', async () => {
      expect(dataOf(await send([1, 2], { pipe: (events$) => events$.pipe(share()) }))).toEqual([1, 2]);
      expect(await send([1, 2], { pipe: () => EMPTY })).toEqual([]);
    });

    it('that throws is a 500 before the first event, and one stream-error after it', async () => {
      const failAt =
        (at: number): SseRouteOptions['pipe'] =>
        (events$) =>
          events$.pipe(
            map((event) => {
              if (event.data === at) {
                throw new Error('in pipe');
              }
              return event;
            }),
          );
      expect(await statusOf(await serve(() => [1, 2], { pipe: failAt(1) }))).toBe(500);
      expect(await send([1, 2], { pipe: failAt(2) })).toEqual([[undefined, 1], ERROR_EVENT]);
      const broken = (): never => {
        throw new Error('no pipe');
      };
      expect(await statusOf(await serve(() => [1], { pipe: broken }))).toBe(500);
    });

    class PipedView extends ServerSentEventsView<number> {
      readonly factor: number = 10;
      override pipe(events$: Observable<SseMessage<number>>): Observable<SseMessage> {
        return events$.pipe(map((event) => ({ ...event, data: event.data! * this.factor })));
      }
      *events(): Iterable<number> {
        yield 1;
      }
    }

    it('may be a method of the view, with its instance as this', async () => {
      @Controller('stream')
      class View extends PipedView {}
      expect(dataOf(await seen(await startApp(adapter, { controllers: [View] })))).toEqual([10]);
    });

    it('of the route comes before that of the view, and that of the view before the module’s', async () => {
      const sse: SseModuleOptions = { pipe: (events$) => events$.pipe(map((event) => ({ ...event, data: 'module' }))) };
      @Controller()
      class View extends PipedView {
        @SseRoute('stream', { pipe: (events$) => events$ })
        override *events(): Iterable<number> {
          yield 1;
        }
        // What a view says in terms of its own events is about events() alone.
        @SseRoute('beside')
        *beside(): Iterable<number> {
          yield 2;
        }
      }
      @Controller('view')
      class FromView extends PipedView {}
      const app = await startApp(adapter, { controllers: [View, FromView], sse });
      expect(dataOf(await seen(app))).toEqual([1]);
      expect(await fetchEvents(`${app.url}/view`)).toMatchObject([{ data: 10 }]);
      expect(await fetchEvents(`${app.url}/beside`)).toMatchObject([{ data: 'module' }]);
    });
  });

  describe('that is slow', () => {
    /** A schema that answers for numbers above 0 when the test says so, and for others at once. */
    const heldSchema = () => {
      const held: (() => void)[] = [];
      let running = 0;
      let most = 0;
      const validate = (value: unknown): { value: number } | Promise<{ value: number }> => {
        if ((value as number) <= 0) {
          return { value: value as number };
        }
        most = Math.max(most, ++running);
        return new Promise((resolve) => {
          held.push(() => {
            running--;
            resolve({ value: value as number });
          });
        });
      };
      const responseSchema: StandardSchema<number> = { '~standard': { version: 1, vendor: 'test', validate } };
      return { held, responseSchema, most: () => most };
    };

    it('keeps what a pushed source gives in order, one validation at a time', async () => {
      const source = new Subject<number>();
      const { held, responseSchema, most } = heldSchema();
      const app = await serve(() => source, { responseSchema });
      const client = new RawClient(app.port, '/stream');
      await until(() => client.head !== '');
      [1, 2, 0, 3, 0].forEach((n) => source.next(n));
      for (let released = 0; released < 3; released++) {
        await until(() => held.length > released);
        held[released]!();
      }
      source.complete();
      await client.untilBody((body) => body.includes('~end'));
      expect(parseEvents(beforeEnd(client.body)).map(({ data }) => data)).toEqual(['1', '2', '0', '3', '0']);
      expect(most()).toBe(1);
      client.leave();
    });

    it('loses and overtakes nothing when sending what waited makes the source push again', async () => {
      const source = new Subject<number>();
      const { held, responseSchema } = heldSchema();
      const pipe: SseRouteOptions['pipe'] = (events$) =>
        events$.pipe(
          tap(({ data }) => {
            if (data === -1) {
              [-10, 2, -11].forEach((n) => source.next(n));
            }
          }),
        );
      const app = await serve(() => source, { responseSchema, pipe });
      const client = new RawClient(app.port, '/stream');
      await until(() => client.head !== '');
      [1, -1, -2, -3].forEach((n) => source.next(n));
      held[0]!();
      await until(() => held.length === 2);
      held[1]!();
      await new Promise((resolve) => setImmediate(resolve));
      source.complete();
      await client.untilBody((body) => body.includes('~end'));
      expect(parseEvents(beforeEnd(client.body)).map(({ data }) => Number(data))).toEqual([1, -1, -2, -3, -10, 2, -11]);
      client.leave();
    });

    it('sends what waits before the end of a source that has completed', async () => {
      const { held, responseSchema } = heldSchema();
      const app = await serve(() => of(1, 2), { responseSchema });
      const reading = seen(app);
      await until(() => held.length === 1);
      held[0]!();
      await until(() => held.length === 2);
      held[1]!();
      expect(dataOf(await reading)).toEqual([1, 2]);
    });

    it('lets a source go as soon as it has completed, though its last event still waits', async () => {
      let isReleased = false;
      const { held, responseSchema } = heldSchema();
      const source = new Observable<number>((subscriber) => {
        subscriber.next(1);
        subscriber.complete();
        return () => {
          isReleased = true;
        };
      });
      const app = await serve(() => source, { responseSchema });
      const reading = seen(app);
      await until(() => held.length === 1);
      expect(isReleased).toBe(true);
      held[0]!();
      expect(dataOf(await reading)).toEqual([1]);
    });

    it('lets a source go when its client leaves meanwhile, though operators of its pipe keep it', async () => {
      let isReleased = false;
      const { held, responseSchema } = heldSchema();
      const source = new Observable<number>((subscriber) => {
        subscriber.next(0);
        subscriber.next(1);
        return () => {
          isReleased = true;
        };
      });
      const app = await serve(() => source, { responseSchema, pipe: (events$) => events$.pipe(shareReplay(1)) });
      const client = new RawClient(app.port, '/stream');
      await client.untilBody((body) => body.includes('data: 0'));
      expect([held.length, isReleased]).toEqual([1, false]);
      client.leave();
      await until(() => isReleased);
    });

    it('holds a pulled source', async () => {
      let pulled = 0;
      const { held, responseSchema } = heldSchema();
      const app = await serve(
        function* () {
          for (; pulled < 5;) {
            yield ++pulled;
          }
        },
        { responseSchema },
      );
      const reading = seen(app);
      await until(() => held.length === 1);
      expect(pulled).toBe(1);
      for (let released = 0; released < 5; released++) {
        await until(() => held.length > released);
        held[released]!();
      }
      expect(dataOf(await reading)).toEqual([1, 2, 3, 4, 5]);
    });

    it('closes the connection when more wait than the bound allows, and lets the source go', async () => {
      const source = new Subject<number>();
      const { held, responseSchema } = heldSchema();
      const app = await serve(() => source, { responseSchema, overflow: { maxBytes: 900 } });
      const client = new RawClient(app.port, '/stream');
      await until(() => client.head !== '');
      for (let n = 1; n <= 100; n++) {
        source.next(n);
      }
      expect(source.observed).toBe(true);
      for (let n = 101; n <= 200; n++) {
        source.next(n);
      }
      expect(source.observed).toBe(false);
      await until(() => client.ended);
      expect(held).toHaveLength(1);
      expect(app.app.get(SseConnections).count).toBe(0);
      expect(logged(app, 'warn').join('\n')).toContain('100 events wait for their validation');
      held[0]!();
    });
  });
});
