import {
  Controller,
  Get,
  HttpException,
  Inject,
  Injectable,
  Param,
  Query,
  Scope,
  ServiceUnavailableException,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import { APP_INTERCEPTOR, REQUEST } from '@nestjs/core';
import {
  catchError,
  concat,
  defer,
  delay,
  EMPTY,
  finalize,
  from,
  interval,
  map,
  merge,
  NEVER,
  of,
  repeat,
  retry,
  startWith,
  Subject,
  switchMap,
  takeUntil,
  tap,
  throwError,
  timeout,
  timer,
  type Observable,
} from 'rxjs';
import { z } from 'zod';
import { ServerSentEventsView, SseConnections, SseRoute, SseSignal, type SseMessage } from 'nestjs-sse-views';
import { SseRuntime } from '../../src/view/sse.runtime';
import { ADAPTERS, closeApps, startApp, type Adapter, type TestApp, type TestAppOptions } from '../support/app';
import { RawClient } from '../support/raw-client';
import { fetchEvents, parseEvents } from '../support/read-events';
import { aborted, until } from '../support/until';

afterEach(closeApps);

type Intercept = (next: CallHandler, context: ExecutionContext) => Observable<unknown> | Promise<Observable<unknown>>;

/** Where an application may put an interceptor, as an instance and as a class. */
const PLACES = [
  'global',
  'APP_INTERCEPTOR',
  'APP_INTERCEPTOR of the request',
  'controller',
  'class',
  'method',
] as const;
type Place = (typeof PLACES)[number];

function interceptor(intercept: Intercept): Type<NestInterceptor> {
  @Injectable()
  class Interceptor implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler) {
      return intercept(next, context);
    }
  }
  return Interceptor;
}

/** What a handler saw of each of its calls. */
interface Call {
  readonly signal: AbortSignal;
  isReleased: boolean;
}

interface Options {
  readonly place?: Place;
  /** What the handler does at its n-th call. */
  handle?(n: number, signal: AbortSignal): unknown;
  readonly app?: TestAppOptions;
}

interface Started extends TestApp {
  readonly calls: Call[];
}

const held = ({ app }: TestApp) => ({
  connections: app.get(SseConnections).count,
  timers: app.get(SseRuntime).wheel.size,
});
const NOTHING = { connections: 0, timers: 0 };

/** How many read what a subject gives. RxJS tells only whether any does. */
const subscribersOf = (subject: Subject<unknown>): number => {
  const { currentObservers, observers } = subject as unknown as Record<string, unknown[] | null>;
  return (currentObservers ?? observers ?? []).length;
};

async function start(adapter: Adapter, intercept: Intercept, options: Options = {}): Promise<Started> {
  const { place = 'global', handle = () => ['handled'], app = {} } = options;
  const calls: Call[] = [];
  const Class = interceptor(intercept);
  const at = (wanted: Place, what: Type<NestInterceptor> | NestInterceptor) =>
    place === wanted ? UseInterceptors(what) : () => undefined;
  @at('controller', new Class())
  @at('class', Class)
  @Controller()
  class View extends ServerSentEventsView<unknown> {
    @at('method', new Class())
    @SseRoute('view')
    events(@SseSignal() signal: AbortSignal) {
      const call: Call = { signal, isReleased: false };
      calls.push(call);
      signal.addEventListener('abort', () => {
        call.isReleased = true;
      });
      return handle(calls.length, signal) as AsyncIterable<unknown>;
    }

    @Get('plain')
    plain() {
      return { plain: true };
    }
  }
  const providers = [
    ...(place === 'APP_INTERCEPTOR' ? [{ provide: APP_INTERCEPTOR, useClass: Class }] : []),
    ...(place === 'APP_INTERCEPTOR of the request'
      ? [{ provide: APP_INTERCEPTOR, useClass: Class, scope: Scope.REQUEST }]
      : []),
  ];
  const started = await startApp(adapter, {
    ...app,
    controllers: [View],
    providers,
    prepare: (nest) => (place === 'global' ? nest.useGlobalInterceptors(new Class()) : undefined),
  });
  return { ...started, calls };
}

const dataOf = async ({ url }: TestApp): Promise<unknown[]> =>
  (await fetchEvents(`${url}/view`)).map(({ data }) => data);

const fails = (): never => {
  throw new HttpException('not today', 418);
};

async function* failsLater(): AsyncGenerator<unknown> {
  await Promise.resolve();
  fails();
  yield 0;
}

describe.each(ADAPTERS)('an interceptor that answers in the place of a handler, on %s', (adapter) => {
  describe.each(PLACES)('as %s', (place) => {
    it('has its value streamed after an error before the first event', async () => {
      const app = await start(adapter, (next) => next.handle().pipe(catchError(() => of({ fallback: true }))), {
        place,
        handle: failsLater,
      });
      expect(await dataOf(app)).toEqual([{ fallback: true }]);
      expect(app.calls).toHaveLength(1);
      expect(app.calls[0]!.isReleased).toBe(true);
      await until(() => held(app).connections === 0);
      expect(held(app)).toEqual(NOTHING);
      await app.close();
    });

    it('has its value streamed without a call of the handler', async () => {
      const app = await start(adapter, () => of('cached'), { place });
      expect(await dataOf(app)).toEqual(['cached']);
      expect(app.calls).toEqual([]);
      await until(() => held(app).connections === 0);
      await app.close();
    });

    it('changes nothing of a stream that the handler opened', async () => {
      const app = await start(
        adapter,
        (next) =>
          next.handle().pipe(
            map((data: unknown) => ({ data })),
            timeout(5_000),
          ),
        { place },
      );
      expect(await dataOf(app)).toEqual(['handled']);
      // Other routes have the interceptors that they had.
      const isForPlain = place !== 'method';
      expect(await (await fetch(`${app.url}/plain`)).json()).toEqual(
        isForPlain ? { data: { plain: true } } : { plain: true },
      );
    });

    it('has the handler called again, with a signal of its own', async () => {
      const app = await start(adapter, (next) => next.handle().pipe(retry(2)), {
        place,
        handle: (n) => (n < 3 ? failsLater() : ['at last']),
      });
      expect(await dataOf(app)).toEqual(['at last']);
      expect(app.calls).toHaveLength(3);
      expect(new Set(app.calls.map(({ signal }) => signal)).size).toBe(3);
      await until(() => held(app).connections === 0);
    });
  });

  /** What interceptors give, and the events that it becomes. */
  const ANSWERS: readonly { what: string; intercept: Intercept; events: unknown[] }[] = [
    { what: 'an array', intercept: () => of([1, 2]), events: [1, 2] },
    { what: 'a string', intercept: () => of('text'), events: ['text'] },
    { what: 'null', intercept: () => of(null), events: [null] },
    { what: 'several values', intercept: () => of(1, 2, 3), events: [1, 2, 3] },
    { what: 'values in time', intercept: () => from([1, 2, 3]).pipe(delay(5)), events: [1, 2, 3] },
    { what: 'an Observable as value', intercept: () => of(of(1, 2)), events: [1, 2] },
    {
      what: 'an async generator',
      intercept: () =>
        of(
          (async function* () {
            yield 1;
            yield 2;
          })(),
        ),
      events: [1, 2],
    },
    {
      what: 'sources, one after the other',
      intercept: () => of([1, 2], of(3).pipe(delay(5)), 4),
      events: [1, 2, 3, 4],
    },
    { what: 'a ReadableStream', intercept: () => of(ReadableStream.from([1, 2])), events: [1, 2] },
    { what: 'a promise of an Observable', intercept: async () => of(1), events: [1] },
    { what: 'an envelope', intercept: () => of({ event: 'cached', data: 1 }), events: [1] },
    { what: 'nothing', intercept: () => EMPTY, events: [] },
  ];

  it.each(ANSWERS)('may give $what', async ({ intercept, events }) => {
    const app = await start(adapter, intercept);
    const client = new RawClient(app.port, '/view');
    const body = await client.untilBody((text) => text.includes('~end'));
    const data = parseEvents(body).filter(({ event }) => event !== 'end');
    expect(data.map((one) => JSON.parse(one.data) as unknown)).toEqual(events);
    await until(() => held(app).connections === 0);
    expect(held(app)).toEqual(NOTHING);
    await app.close();
  });

  it('streams a cache’s values with the ids, the operators and the schema of the view', async () => {
    let isBroken = false;
    @Controller('view')
    class View extends ServerSentEventsView<{ n: number }> {
      static readonly responseSchema = z.object({ n: z.number() });
      readonly prefix = 'of the view';

      override eventId({ data }: SseMessage<{ n: number }>) {
        return `${this.prefix} ${data?.n}`;
      }

      override pipe(events$: Observable<SseMessage<{ n: number }>>) {
        return events$.pipe(map((message) => ({ ...message, event: 'piped' })));
      }

      async *events(): AsyncGenerator<{ n: number }> {
        yield { n: 0 };
      }
    }
    const cache = interceptor(() => of([{ n: 1 }, isBroken ? ({ n: 'x' } as never) : { n: 2 }]));
    const { url } = await startApp(adapter, {
      controllers: [View],
      providers: [{ provide: APP_INTERCEPTOR, useClass: cache }],
    });
    const events = (await fetchEvents(`${url}/view`)).filter(({ event }) => event === 'piped');
    expect(events.map(({ id, data }) => [id, data])).toEqual([
      ['of the view 1', { n: 1 }],
      ['of the view 2', { n: 2 }],
    ]);
    isBroken = true;
    expect(await (await fetch(`${url}/view`)).text()).toContain('stream-error');
  });

  it('streams the answer of a view in request scope by that view', async () => {
    @Controller('view')
    class View extends ServerSentEventsView<number> {
      constructor(@Inject(REQUEST) private readonly request: { query: { retry: string } }) {
        super();
      }

      override get retry() {
        return Number(this.request.query.retry);
      }

      async *events() {
        yield 0;
      }
    }
    const { url } = await startApp(adapter, {
      controllers: [View],
      prepare: (nest) => nest.useGlobalInterceptors(new (interceptor(() => of(1)))()),
    });
    expect(await (await fetch(`${url}/view?retry=17`)).text()).toMatch(/^retry: 17\n/);
    expect(await (await fetch(`${url}/view?retry=18`)).text()).toMatch(/^retry: 18\n/);
  });

  it('answers 204 to a client that has read to the end', async () => {
    const app = await start(adapter, () => of('cached'));
    const response = await fetch(`${app.url}/view`, { headers: { 'Last-Event-ID': '~end' } });
    expect(response.status).toBe(204);
  });

  it('is released when the client leaves, and at shutdown', async () => {
    let isRunning = false;
    const app = await start(adapter, () => {
      isRunning = true;
      return interval(1).pipe(
        finalize(() => {
          isRunning = false;
        }),
      );
    });
    const client = new RawClient(app.port, '/view');
    await client.untilBody((body) => body.includes('data: 3'));
    expect(held(app).connections).toBe(1);
    client.leave();
    await until(() => !isRunning && held(app).connections === 0);
    const other = new RawClient(app.port, '/view');
    await other.untilBody((body) => body.includes('data: 3'));
    await app.close();
    expect(isRunning).toBe(false);
    await other.untilBody((body) => /retry: \d+\n/.test(body));
  });

  it('is released when its clients leave before its first value', async () => {
    const feed = new Subject<unknown>();
    const app = await start(adapter, () => feed);
    const clients = Array.from({ length: 20 }, () => new RawClient(app.port, '/view'));
    await until(() => subscribersOf(feed) === 20);
    clients.forEach((client) => client.leave());
    await until(
      () => subscribersOf(feed) === 0,
      5_000,
      () => `${subscribersOf(feed)} subscriptions are left`,
    );
    await until(() => held(app).connections === 0);
    expect(held(app)).toEqual(NOTHING);
    expect(app.calls).toEqual([]);
  });

  it.each([
    ['as its first value', () => of(Buffer.from('abc')), 500, ''],
    ['later', () => of('first', Buffer.from('abc'), 'never'), 200, 'data: "first"\n'],
  ])('may not give bytes %s: they are one event, which is refused', async (_when, intercept, status, before) => {
    const app = await start(adapter, intercept, { app: { sse: { eventId: () => undefined } } });
    const response = await fetch(`${app.url}/view`);
    const body = await response.text();
    expect(response.status).toBe(status);
    expect(body).toMatch(
      status === 500 ? /^{"statusCode":500/ : /^data: "first"\n\nevent: stream-error\n[^]*500}\n\n$/,
    );
    expect(body).toContain(before);
    const errors = app.log.filter(({ level }) => level === 'error').map(({ message }) => message);
    expect(errors).toEqual([expect.stringContaining('is bytes (Buffer)')]);
  });

  it('sends its clients away while the server stops, as a handler does', async () => {
    let letGo = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let isWaiting = false;
    const app = await start(adapter, async () => {
      isWaiting = true;
      await gate;
      return of('cached');
    });
    const client = new RawClient(app.port, '/view');
    await until(() => isWaiting);
    const closed = app.close();
    await until(() => app.app.get(SseRuntime).isClosing);
    letGo();
    await client.untilBody((body) => /^retry: \d+\n/m.test(body));
    client.leave();
    await closed;
    expect(client.status).toBe(200);
    expect(client.body).not.toContain('cached');
  });

  it('has its error sent: by the exception filters before its first value, in the stream after it', async () => {
    const early = await start(adapter, () => throwError(() => new HttpException('too early', 425)));
    expect((await fetch(`${early.url}/view`)).status).toBe(425);
    const invalid = await start(adapter, () => of(undefined));
    expect((await fetch(`${invalid.url}/view`)).status).toBe(500);
    const late = await start(adapter, () =>
      concat(
        of('first'),
        throwError(() => new HttpException('too late', 410)),
      ),
    );
    const events = parseEvents(await (await fetch(`${late.url}/view`)).text());
    expect(events.map(({ event }) => event)).toEqual([undefined, 'stream-error']);
    expect(JSON.parse(events[1]!.data)).toMatchObject({ status: 410, detail: 'too late' });
    for (const app of [early, invalid, late]) {
      await until(() => held(app).connections === 0);
      await app.close();
    }
  });
});

describe.each(ADAPTERS)('an interceptor that calls a handler again, on %s', (adapter) => {
  const silent = async (_n: number, signal: AbortSignal): Promise<never[]> => {
    await aborted(signal);
    return [];
  };

  it('retries with a delay', async () => {
    const app = await start(adapter, (next) => next.handle().pipe(retry({ count: 3, delay: 5 })), {
      handle: (n) => (n < 3 ? fails() : ['at last']),
    });
    expect(await dataOf(app)).toEqual(['at last']);
    await until(() => held(app).connections === 0);
    await app.close();
  });

  it('gives the last error to the exception filters when all tries fail', async () => {
    const app = await start(adapter, (next) => next.handle().pipe(retry(2)), { handle: failsLater });
    const response = await fetch(`${app.url}/view`);
    expect([response.status, await response.json()]).toMatchObject([418, { message: 'not today' }]);
    expect(app.calls).toHaveLength(3);
    expect(held(app)).toEqual(NOTHING);
  });

  it('retries after a time limit: the call that was given up is ended, and its source released', async () => {
    const released: number[] = [];
    const app = await start(adapter, (next) => next.handle().pipe(timeout(30), retry(1)), {
      app: { sse: { openAfter: 60_000 } },
      handle: async (n, signal) => {
        if (n === 1) {
          await aborted(signal);
          return {
            [Symbol.asyncIterator]: () => ({
              next: () => Promise.resolve({ done: false, value: 'of the first call' }),
              return: async () => {
                released.push(n);
                return { done: true, value: undefined };
              },
            }),
          };
        }
        return ['second'];
      },
    });
    expect(await dataOf(app)).toEqual(['second']);
    await until(() => released.length === 1);
    expect(app.calls.map(({ isReleased }) => isReleased)).toEqual([true, true]);
  });

  it('has a time limit with a value in its place', async () => {
    const app = await start(adapter, (next) => next.handle().pipe(timeout({ each: 20, with: () => of('too slow') })), {
      handle: silent,
    });
    expect(await dataOf(app)).toEqual(['too slow']);
    expect(app.calls.map(({ isReleased }) => isReleased)).toEqual([true]);
    await until(() => held(app).connections === 0);
  });

  it('has a time limit that gives nothing: the stream is empty, and ends', async () => {
    const app = await start(adapter, (next) => next.handle().pipe(takeUntil(timer(20))), { handle: silent });
    expect(await (await fetch(`${app.url}/view`)).text()).toContain('~end');
    await until(() => held(app).connections === 0);
  });

  it('streams another source after the first failed', async () => {
    const app = await start(
      adapter,
      (next) => next.handle().pipe(catchError(() => defer(() => from([1, 2]).pipe(delay(10))))),
      { handle: failsLater },
    );
    expect(await dataOf(app)).toEqual([1, 2]);
  });

  /** Interceptors that would have two streams on one response. */
  const TWICE: readonly { what: string; intercept: Intercept; first: unknown[] }[] = [
    { what: 'repeat(2)', intercept: (next) => next.handle().pipe(repeat(2)), first: [] },
    { what: 'repeat() without end', intercept: (next) => next.handle().pipe(repeat()), first: [] },
    {
      what: 'retry() of an error after the stream opened',
      intercept: (next) =>
        next.handle().pipe(
          tap(() => {
            throw new Error('after');
          }),
          retry(2),
        ),
      first: [],
    },
    {
      what: 'startWith()',
      intercept: (next) => next.handle().pipe(startWith('before')),
      first: ['before'],
    },
    {
      what: 'a call after a value',
      intercept: (next) => concat(of('before').pipe(delay(1)), next.handle()),
      first: ['before'],
    },
  ];

  it.each(TWICE)(
    'never has two streams on one response: $what ends it with an error that says so',
    async ({ intercept, first }) => {
      const app = await start(adapter, intercept, {
        handle: async function* (_n, signal) {
          yield 'handled';
          await aborted(signal);
        },
      });
      const events = parseEvents(await (await fetch(`${app.url}/view`)).text());
      expect(events.map(({ event }) => event).at(-1)).toBe('stream-error');
      expect(events.slice(0, first.length).map(({ data }) => JSON.parse(data) as unknown)).toEqual(first);
      expect(app.calls.length).toBeLessThanOrEqual(1);
      expect(app.log.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
        expect.stringContaining('View.events: an interceptor called the handler again'),
      ]);
      await until(() => held(app).connections === 0);
      await app.close();
    },
  );

  it.each([
    {
      what: 'two calls at a time',
      intercept: (next: CallHandler) => merge(next.handle(), next.handle()),
      words: 'View.events: an interceptor called the handler again',
    },
    {
      what: 'a call while another is under way',
      intercept: (next: CallHandler) => merge(next.handle(), timer(10).pipe(switchMap(() => next.handle()))),
      words: 'View.events: an interceptor gave this call of the handler up',
    },
  ])('never has two streams on one response: $what fails before the first event', async ({ intercept, words }) => {
    const app = await start(adapter, intercept, {
      handle: async (_n, signal) => {
        await aborted(signal);
        return ['never'];
      },
    });
    const response = await fetch(`${app.url}/view`);
    expect(response.status).toBe(500);
    expect(app.log.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      expect.stringContaining(words),
    ]);
    await until(() => app.calls.every(({ isReleased }) => isReleased));
    expect(held(app)).toEqual(NOTHING);
  });

  it('never has two streams on one response: a value while the handler prepares its own takes its place', async () => {
    const app = await start(
      adapter,
      (next) => merge(next.handle().pipe(catchError(() => NEVER)), of('in the meantime').pipe(delay(5))),
      { handle: silent },
    );
    const client = new RawClient(app.port, '/view');
    await client.untilBody((body) => body.includes('in the meantime'));
    expect(app.calls.map(({ isReleased }) => isReleased)).toEqual([true]);
    client.leave();
    await until(() => held(app).connections === 0);
  });

  it('does not call it for a client that has left', async () => {
    const app = await start(adapter, (next) => next.handle().pipe(retry({ delay: () => timer(5) })), { handle: fails });
    const client = new RawClient(app.port, '/view');
    await until(() => app.calls.length > 1);
    client.reset();
    let before = -1;
    await until(async () => {
      const isStill = before === app.calls.length;
      before = app.calls.length;
      await new Promise((resolve) => setTimeout(resolve, 30));
      return isStill;
    });
    expect(held(app)).toEqual(NOTHING);
  });

  it('ends a stream with the error of an interceptor that fails after it opened', async () => {
    const app = await start(
      adapter,
      (next) => next.handle().pipe(switchMap(() => throwError(() => new ServiceUnavailableException('overloaded')))),
      {
        handle: async function* (_n, signal) {
          yield 'handled';
          await aborted(signal);
        },
      },
    );
    const text = await (await fetch(`${app.url}/view`)).text();
    expect(JSON.parse(parseEvents(text).at(-1)!.data)).toMatchObject({ status: 503, detail: 'overloaded' });
    await until(() => held(app).connections === 0);
    expect(app.calls[0]!.isReleased).toBe(true);
  });

  it('reads parameters anew for each call', async () => {
    const asked: unknown[] = [];
    @UseInterceptors(new (interceptor((next) => next.handle().pipe(retry(1))))())
    @Controller('rooms/:room')
    class View extends ServerSentEventsView<string> {
      events(@Param('room') room: string, @SseSignal() signal: AbortSignal, @Query('q') q: string) {
        asked.push([room, q, signal.aborted]);
        return asked.length === 1 ? fails() : [room];
      }
    }
    const { url } = await startApp(adapter, { controllers: [View] });
    expect((await fetchEvents(`${url}/rooms/7?q=x`)).map(({ data }) => data)).toEqual(['7']);
    expect(asked).toEqual([
      ['7', 'x', false],
      ['7', 'x', false],
    ]);
  });
});

describe('the interceptors of the library', () => {
  it('stand around those of a stream only, in each of two applications that share a class', async () => {
    const seen: string[] = [];
    const Seeing = interceptor((next, context) => {
      seen.push(context.getHandler().name);
      return next.handle();
    });
    @Controller('view')
    class View extends ServerSentEventsView<number> {
      async *events() {
        yield 1;
      }

      @UseInterceptors(Seeing)
      @SseRoute('more')
      more() {
        return [2];
      }
    }
    const inner = (): number =>
      ((Reflect.getMetadata('__interceptors__', View.prototype.events) ?? []) as unknown[]).length;
    const first = await startApp('express', { controllers: [View] });
    expect((await fetchEvents(`${first.url}/view`)).map(({ data }) => data)).toEqual([1]);
    expect((await fetchEvents(`${first.url}/view/more`)).map(({ data }) => data)).toEqual([2]);
    expect(inner()).toBe(0);
    const second = await startApp('express', {
      controllers: [View],
      providers: [{ provide: APP_INTERCEPTOR, useClass: Seeing }],
    });
    expect((await fetchEvents(`${second.url}/view`)).map(({ data }) => data)).toEqual([1]);
    expect((await fetchEvents(`${second.url}/view/more`)).map(({ data }) => data)).toEqual([2]);
    expect((await fetchEvents(`${first.url}/view/more`)).map(({ data }) => data)).toEqual([2]);
    expect(seen).toEqual(['more', 'events', 'more', 'more', 'more']);
    expect(inner()).toBe(1);
    await first.close();
    await second.close();
  });
});
