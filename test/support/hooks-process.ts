import {
  Controller,
  ForbiddenException,
  Get,
  HttpException,
  Inject,
  Param,
  Post,
  Query,
  Res,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { Validate, ValidatorConstraint } from 'class-validator';
import type { Socket } from 'node:net';
import { concatMap, delay, finalize, map, Observable, of, type MonoTypeOperatorFunction } from 'rxjs';
import { z } from 'zod';
import {
  ChannelView,
  InjectChannel,
  ServerSentEventsView,
  SseConnections,
  SseModule,
  SseRoute,
  SseSignal,
  type SseChannel,
  type SseRouteOptions,
} from 'nestjs-sse-views';
import type { Adapter } from './adapters';
import { startApp, type TestApp } from './app';
import { aborted } from './until';

/*
 * An application whose hooks misbehave, in a process of its own: what reaches the process ends it, as it would in production.
 * A test imports the list of cases, and starts this file.
 */

/** What a client sees of a hook that misbehaves. */
export interface HookCase {
  readonly hook: string;
  readonly what: string;
  /** The status, where it is not 200. */
  readonly status?: number;
  /** What the body has in the end. */
  readonly body?: RegExp;
  /** Whether the client leaves after its first event, or while a hook waits for that, and everything happens then. */
  readonly leaves?: 'open' | 'waiting';
  /** What each line is that the log has of it, where that is looked at. */
  readonly logs?: readonly RegExp[];
  readonly controller: Type;
}

export const FAILS = /event: stream-error/;

const error = (): never => {
  throw new Error('of a hook');
};
const rejects = (): Promise<never> => Promise.reject(new Error('of a hook'));

/** An event that opens the stream and needs no hook, then one that does. */
async function* twoEvents(): AsyncGenerator<unknown> {
  yield { id: 'own', data: { n: 0 } };
  yield { data: { n: 1 } };
}

function route(options: object, source: (signal: AbortSignal, response: unknown) => unknown = twoEvents): Type {
  @Controller()
  class Route {
    @SseRoute('', options as SseRouteOptions)
    events(@SseSignal() signal: AbortSignal, @Res() response: unknown) {
      return source(signal, response) as AsyncIterable<unknown>;
    }
  }
  return Route;
}

function channelView(members: object): Type {
  @Controller()
  class View extends ChannelView {
    static readonly channel = 'news';
  }
  Object.defineProperties(View.prototype, Object.getOwnPropertyDescriptors(members));
  return View;
}

function view(members: object): Type {
  @Controller()
  class View extends ServerSentEventsView {
    events(): AsyncIterable<unknown> {
      return twoEvents();
    }
  }
  Object.defineProperties(View.prototype, Object.getOwnPropertyDescriptors(members));
  return View;
}

/** How many hooks wait for their client to leave. */
let waiting = 0;

/** Waits, in a hook, until the client has left. */
async function clientLeft(request: unknown): Promise<void> {
  const { socket } = request as { readonly socket: Socket };
  waiting++;
  await new Promise((resolve) => socket.once('close', resolve));
  waiting--;
}

/** A view of the channel with a hook that answers when the client has left. */
const slow = (hook: 'topic' | 'filter', answer: () => unknown): Type =>
  channelView({
    async [hook](request: unknown) {
      await clientLeft(request);
      return answer();
    },
  });

function schema(validate: (data: unknown) => unknown): object {
  return { responseSchema: { '~standard': { version: 1, vendor: 'test', validate } } };
}

/** Invalid at the second event. */
const picky = { responseSchema: z.object({ n: z.literal(0) }) };

@ValidatorConstraint()
class ThrowsConstraint {
  validate(n: number): boolean {
    return n === 0 || error();
  }
}
@ValidatorConstraint({ async: true })
class RejectsConstraint {
  validate(n: number): Promise<boolean> {
    return n === 0 ? Promise.resolve(true) : rejects();
  }
}
class CheckedByThrowing {
  @Validate(ThrowsConstraint)
  n!: number;
}
class CheckedByRejecting {
  @Validate(RejectsConstraint)
  n!: number;
}

const circular: Record<string, unknown> = {};
circular['self'] = circular;
let nested: unknown = 0;
for (let depth = 0; depth < 10_000; depth++) {
  nested = [nested];
}

/** Fails with a body of an exception after the first event. */
const failsWith = (body: unknown): Type =>
  route({}, async function* () {
    yield { n: 0 };
    throw new HttpException(body as object, 422);
  });

const firstThen = (then: () => unknown): Type =>
  route({}, async function* () {
    yield { n: 0 };
    yield then();
  });

/** Gives its first event, and fails in some way when the client has left. */
const leaving = (source: (signal: AbortSignal) => unknown): Type => route({}, source);

/** What the log says of a teardown that throws. */
const RELEASED = /the source failed while it was released\b.*of a hook/s;
const NAMES_DATA = /stream ended with an error\b.*data/s;

type Operators = MonoTypeOperatorFunction<unknown>[];

/** Sends the events through operators. */
const through = (operators: Operators, source?: (signal: AbortSignal) => unknown): Type =>
  route(
    { pipe: (events$: Observable<unknown>) => operators.reduce((piped$, operator) => piped$.pipe(operator), events$) },
    source,
  );

const same: Operators[number] = map((one) => one);
/** Is at its end later than what comes before it. */
const later: Operators[number] = concatMap((one) => of(one).pipe(delay(20)));

/** Gives two events, and ends when; its teardown throws. */
const tearing = (when: 'at once' | 'later' | 'never') => () =>
  new Observable((subscriber) => {
    subscriber.next({ n: 0 });
    subscriber.next({ n: 1 });
    if (when === 'at once') {
      subscriber.complete();
    } else if (when === 'later') {
      setTimeout(() => subscriber.complete(), 10);
    }
    return error;
  });

const atOnce = (): unknown => [{ n: 0 }, { n: 1 }];
const quietTwo = (when: 'later' | 'never') => (): unknown =>
  new Observable((subscriber) => {
    subscriber.next({ n: 0 });
    subscriber.next({ n: 1 });
    if (when === 'later') {
      // From a timer: an error that comes back here ends the process.
      setTimeout(() => subscriber.complete(), 10);
    }
  });

/** Gives an answer for the second event that is not what a schema may give. */
const malformed = (what: string, issues: unknown, says: RegExp): HookCase => ({
  hook: 'a schema',
  what: `gives issues that are ${what}`,
  body: FAILS,
  logs: [says],
  controller: route(schema((data) => ((data as { n: number }).n === 0 ? { value: data } : { issues }))),
});

/** A schema that answers later. */
const slowSchema = schema(async (value) => {
  await new Promise((resolve) => setTimeout(resolve, 30));
  return { value };
});

@UseInterceptors({
  intercept: (_context: ExecutionContext, next: CallHandler) => next.handle().pipe(finalize(error)),
})
@Controller()
class InterceptedView extends ServerSentEventsView<unknown> {
  override events(): AsyncIterable<unknown> {
    return twoEvents();
  }
}

const cases: readonly HookCase[] = [
  { hook: 'eventId', what: 'throws', body: FAILS, controller: route({ eventId: error }) },
  { hook: 'eventId', what: 'rejects', body: FAILS, controller: route({ eventId: rejects }) },
  { hook: 'eventId', what: 'is async', body: FAILS, controller: route({ eventId: async () => 'id' }) },
  { hook: 'eventId', what: 'returns an object', body: FAILS, controller: route({ eventId: () => ({}) }) },
  { hook: 'eventId', what: 'rejects in a view', body: FAILS, controller: view({ eventId: rejects }) },
  {
    hook: 'eventId',
    what: 'rejects before operators',
    body: FAILS,
    controller: route({ eventId: rejects, pipe: (events$: Observable<unknown>) => events$ }),
  },
  { hook: 'pipe', what: 'throws', status: 500, controller: route({ pipe: error }) },
  { hook: 'pipe', what: 'rejects', status: 500, controller: route({ pipe: rejects }) },
  { hook: 'pipe', what: 'returns undefined', status: 500, controller: route({ pipe: () => undefined }) },
  {
    hook: 'pipe',
    what: 'has an operator that throws',
    body: FAILS,
    controller: route({
      pipe: (events$: Observable<{ id?: string }>) => events$.pipe(map((one) => (one.id === 'own' ? one : error()))),
    }),
  },
  { hook: 'onInvalid', what: 'throws', body: FAILS, controller: route({ ...picky, onInvalid: error }) },
  { hook: 'onInvalid', what: 'rejects', body: FAILS, controller: route({ ...picky, onInvalid: rejects }) },
  {
    hook: 'onInvalid',
    what: 'is async',
    body: FAILS,
    controller: route({ ...picky, onInvalid: async () => undefined }),
  },
  { hook: 'onError', what: 'throws', body: FAILS, controller: route({ ...picky, onError: error }) },
  { hook: 'onError', what: 'rejects', body: FAILS, controller: route({ ...picky, onError: rejects }) },
  {
    hook: 'a schema',
    what: 'throws',
    body: FAILS,
    controller: route(schema((data) => ((data as { n: number }).n === 0 ? { value: data } : error()))),
  },
  {
    hook: 'a schema',
    what: 'rejects',
    body: FAILS,
    controller: route(schema((data) => ((data as { n: number }).n === 0 ? { value: data } : rejects()))),
  },
  {
    hook: 'a schema',
    what: 'returns undefined',
    body: FAILS,
    controller: route(schema((data) => ((data as { n: number }).n === 0 ? { value: data } : undefined))),
  },
  {
    hook: 'a schema',
    what: 'rejects after the client left',
    leaves: 'open',
    controller: route(
      schema(async (data) => {
        if ((data as { n: number }).n === 1) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          error();
        }
        return { value: data };
      }),
    ),
  },
  { hook: 'a custom validator', what: 'throws', body: FAILS, controller: route({ responseSchema: CheckedByThrowing }) },
  {
    hook: 'a custom validator',
    what: 'rejects',
    body: FAILS,
    controller: route({ responseSchema: CheckedByRejecting }),
  },
  { hook: 'toJSON()', what: 'throws', body: FAILS, controller: firstThen(() => ({ data: { toJSON: error } })) },
  {
    hook: 'toJSON()',
    what: 'throws null',
    body: FAILS,
    controller: firstThen(() => ({
      data: {
        toJSON: () => {
          throw null;
        },
      },
    })),
  },
  {
    hook: 'a getter in data',
    what: 'throws',
    body: FAILS,
    controller: firstThen(() => ({
      get n() {
        return error();
      },
    })),
  },
  {
    hook: 'a getter in an envelope',
    what: 'throws',
    body: FAILS,
    controller: firstThen(() => ({
      get data() {
        return error();
      },
    })),
  },
  { hook: 'data', what: 'are a promise that rejects', body: FAILS, controller: firstThen(() => ({ data: rejects() })) },
  {
    hook: 'data',
    what: 'have a promise that rejects',
    body: FAILS,
    controller: firstThen(() => ({ data: { n: rejects() } })),
  },
  { hook: 'data', what: 'are a BigInt', body: FAILS, controller: firstThen(() => 1n) },
  { hook: 'the body of an exception', what: 'has a BigInt', body: FAILS, controller: failsWith({ n: 1n }) },
  { hook: 'the body of an exception', what: 'is circular', body: FAILS, controller: failsWith(circular) },
  { hook: 'the body of an exception', what: 'is nested deep', body: FAILS, controller: failsWith({ nested }) },
  { hook: 'the body of an exception', what: 'is null', body: FAILS, controller: failsWith(null) },
  { hook: 'filter', what: 'throws', body: FAILS, controller: channelView({ filter: () => error }) },
  { hook: 'filter', what: 'rejects', body: FAILS, controller: channelView({ filter: () => rejects }) },
  { hook: 'filter', what: 'is async', body: FAILS, controller: channelView({ filter: () => async () => true }) },
  {
    hook: 'filter',
    what: 'returns undefined',
    body: FAILS,
    controller: channelView({ filter: () => () => undefined }),
  },
  { hook: 'filter(request)', what: 'throws', status: 500, controller: channelView({ filter: error }) },
  {
    hook: 'topic',
    what: 'throws',
    status: 403,
    controller: channelView({
      topic: () => {
        throw new ForbiddenException();
      },
    }),
  },
  { hook: 'topic', what: 'rejects', status: 500, controller: channelView({ topic: rejects }) },
  {
    hook: 'from',
    what: 'throws',
    status: 500,
    controller: channelView({
      get from() {
        return error();
      },
    }),
  },
  {
    hook: 'retry',
    what: 'throws',
    status: 500,
    controller: view({
      get retry() {
        return error();
      },
    }),
  },
  { hook: 'retry', what: 'is no number', status: 500, controller: view({ retry: '5s' }) },
  { hook: 'events()', what: 'throws', status: 500, controller: view({ events: error }) },
  { hook: 'events()', what: 'rejects', status: 500, controller: view({ events: rejects }) },
  { hook: 'events()', what: 'returns no source', status: 500, controller: view({ events: () => 5 }) },
  {
    hook: 'events()',
    what: 'rejects after the client left',
    leaves: 'open',
    controller: route({ openAfter: 0 }, async function* (signal) {
      yield { n: 0 };
      await aborted(signal);
      await rejects();
    }),
  },
  {
    hook: '[Symbol.asyncIterator]()',
    what: 'throws',
    status: 500,
    controller: view({ events: () => ({ [Symbol.asyncIterator]: error }) }),
  },
  {
    hook: 'next()',
    what: 'returns nothing',
    status: 500,
    controller: view({ events: () => ({ [Symbol.asyncIterator]: () => ({ next: () => undefined }) }) }),
  },
  {
    hook: 'finally',
    what: 'throws',
    leaves: 'open',
    controller: leaving(async function* (signal) {
      try {
        yield { n: 0 };
        await aborted(signal);
      } finally {
        error();
      }
    }),
  },
  {
    hook: 'return()',
    what: 'rejects',
    leaves: 'open',
    controller: leaving(() => {
      let n = 0;
      const next = () => (n === 0 ? Promise.resolve({ value: { n: n++ }, done: false }) : new Promise(() => undefined));
      return { [Symbol.asyncIterator]: () => ({ next, return: rejects }) };
    }),
  },
  {
    hook: 'a teardown',
    what: 'throws',
    leaves: 'open',
    controller: leaving(
      () =>
        new Observable((subscriber) => {
          subscriber.next({ n: 0 });
          return error;
        }),
    ),
  },
  {
    hook: 'a teardown',
    what: 'throws at the end of an Observable that gives everything at once',
    body: /n":0/,
    controller: leaving(
      () =>
        new Observable((subscriber) => {
          subscriber.next({ n: 0 });
          subscriber.complete();
          return error;
        }),
    ),
  },
  { hook: 'a teardown', what: 'of an interceptor throws', body: /n":1/, controller: InterceptedView },
  {
    hook: 'a listener of the signal',
    what: 'throws',
    leaves: 'open',
    controller: leaving(async function* (signal) {
      signal.addEventListener('abort', error);
      yield { n: 0 };
      await aborted(signal);
    }),
  },
  {
    hook: 'a listener of the signal',
    what: 'rejects',
    leaves: 'open',
    controller: leaving(async function* (signal) {
      signal.addEventListener('abort', rejects);
      // oxlint-disable-next-line prefer-add-event-listener
      signal.onabort = error;
      yield { n: 0 };
      await aborted(signal);
    }),
  },
  {
    hook: 'a middleware',
    what: 'throws when the headers are written',
    body: /^$/,
    controller: route({}, (_signal, response) => {
      const raw = (response as { raw?: object }).raw ?? (response as object);
      Object.assign(raw, { writeHead: error });
      return twoEvents();
    }),
  },
  {
    hook: 'a middleware',
    what: 'throws at the second write',
    body: /n":0/,
    controller: route({ heartbeat: false }, async function* (_signal, response) {
      const raw = ((response as { raw?: object }).raw ?? response) as { write: (...args: unknown[]) => boolean };
      const write = raw.write.bind(raw);
      let writes = 0;
      raw.write = (...args) => (writes++ === 0 ? write(...args) : error());
      yield { n: 0 };
      await new Promise((resolve) => setTimeout(resolve, 20));
      yield { n: 1 };
      await new Promise(() => undefined);
    }),
  },
  ...['onInvalid', 'onError'].map((hook) => ({
    hook,
    what: 'returns a Symbol',
    body: FAILS,
    logs:
      hook === 'onInvalid'
        ? [NAMES_DATA]
        : [
            /stream ended with an error\b.*SseValidationError/s,
            /onError failed, so the client gets stream-error\b.*data/s,
          ],
    controller: route({ ...picky, [hook]: () => Symbol('of a hook') }),
  })),
  malformed('a string', 'oops', /the schema gave `issues` that are not an array, but of type string/),
  malformed('an object', {}, /the schema gave `issues` that are not an array, but of type object/),
  malformed('an empty array', [], /the schema gave no issue/),
  malformed('a list with null', [null], /the schema gave an issue without a message/),
  malformed('without a message', [{ path: ['n'] }], /n: the schema gave an issue without a message/),
  malformed('without a path', [{ message: 'is wrong' }], /response schema: is wrong/),
  malformed('of a path that is a string', [{ message: 'is wrong', path: 'n' }], /response schema: is wrong/),
  malformed('of a path with null', [{ message: 'is wrong', path: [null] }], /is wrong/),
  ...(['topic', 'filter'] as const).flatMap((hook): HookCase[] => [
    {
      hook: `${hook}(request)`,
      what: 'answers after the client left',
      leaves: 'waiting',
      logs: [],
      controller: slow(hook, () => undefined),
    },
    {
      hook: `${hook}(request)`,
      what: 'answers what is not valid after the client left',
      leaves: 'waiting',
      logs: hook === 'topic' ? [] : [/failed after its stream had ended\b.*filter must be a function/s],
      controller: slow(hook, () => 5),
    },
    {
      hook: `${hook}(request)`,
      what: 'rejects after the client left',
      leaves: 'waiting',
      logs: [/failed after its stream had ended\b.*of a hook/s],
      controller: slow(hook, error),
    },
    {
      hook: `${hook}(request)`,
      what: 'refuses a client that has left',
      leaves: 'waiting',
      logs: [],
      controller: slow(hook, () => {
        throw new ForbiddenException();
      }),
    },
  ]),
  ...Object.entries<Operators>({
    'as the last operator': [finalize(error)],
    'before another operator': [finalize(error), same],
    'before an operator that ends later': [finalize(error), later],
    'after an operator that ends later': [later, finalize(error)],
  }).flatMap(([where, operators]): HookCase[] => [
    ...Object.entries<(() => unknown) | undefined>({
      'a generator': undefined,
      'an array': atOnce,
      'an Observable': quietTwo('later'),
    }).map(([kind, source]): HookCase => ({
      hook: 'finalize()',
      what: `${where} throws at the end of ${kind}`,
      body: /n":1}\n\nevent: end/,
      logs: [RELEASED],
      controller: through(operators, source),
    })),
    {
      hook: 'finalize()',
      what: `${where} throws when the client leaves`,
      leaves: 'open',
      logs: [RELEASED],
      controller: through(operators, quietTwo('never')),
    },
  ]),
  ...Object.entries<(source: () => unknown) => Type>({
    alone: (source) => route({}, source),
    'behind pipe': (source) => through([same], source),
    'behind pipe that ends later': (source) => through([later], source),
    'behind a schema': (source) => route(slowSchema, source),
    'behind a schema and pipe': (source) =>
      route({ ...slowSchema, pipe: (events$: Observable<unknown>) => events$.pipe(same) }, source),
  }).flatMap(([where, made]): HookCase[] => [
    ...(['at once', 'later'] as const).map((when): HookCase => ({
      hook: 'a teardown',
      what: `${where} throws when its source ends ${when}`,
      body: /n":1}\n\nevent: end/,
      logs: [RELEASED],
      controller: made(tearing(when)),
    })),
    {
      hook: 'a teardown',
      what: `${where} throws when the client leaves`,
      leaves: 'open',
      logs: [RELEASED],
      controller: made(tearing('never')),
    },
  ]),
];

/** Where the n-th case listens. */
export const pathOf = (n: number): string => `/hooks/${n}`;

/** What the log calls it. */
export const classOf = (n: number): string => `Hook${n}View`;

export { cases as HOOK_CASES };

/** How the test asks `SseConnections.close()` for what it must refuse, and what the log says of it. */
export const CLOSES: Readonly<Record<string, { predicate?: unknown; onEnd?: unknown; logs: RegExp }>> = {
  'a predicate that is async': { predicate: () => rejects(), logs: /predicate .* must not return a promise/ },
  'a predicate that throws': { predicate: error, logs: /of a hook/ },
  'a predicate that returns a string': {
    predicate: () => 'yes',
    logs: /predicate .* must return true or false, not string/,
  },
  'a predicate that returns nothing': { predicate: () => undefined, logs: /must return true or false, not undefined/ },
  'a predicate that returns null': { predicate: () => null, logs: /must return true or false, not null/ },
  'an unknown word': { onEnd: 'stopp', logs: /SseConnections\.close\(\): onEnd must be 'stop', .*, not "stopp"/ },
  'an event that cannot be sent': { onEnd: { data: 1n }, logs: /SseConnections\.close\(\): onEnd: The event's data/ },
  'an unknown field': { onEnd: { name: 'done' }, logs: /SseConnections\.close\(\): onEnd must be/ },
};

/** The healthy part of the application. */
@Controller('news')
class NewsView extends ChannelView {
  static readonly channel = 'news';
}

@Controller()
class Actions {
  constructor(
    @InjectChannel('news') private readonly news: SseChannel,
    @Inject(SseConnections) private readonly connections: SseConnections,
  ) {}

  @Post('publish')
  publish(@Query('n') n: string) {
    return this.news.publish({ data: { n: Number(n) } });
  }

  @Post('close/:how')
  close(@Param('how') how: string) {
    const { predicate, onEnd } = CLOSES[how]!;
    return this.connections.close(predicate as never, onEnd as never);
  }

  @Post('close-one')
  closeOne() {
    for (const connection of this.connections) {
      connection.close('stopp' as never);
    }
  }

  @Get('count')
  count() {
    return this.connections.count;
  }

  @Get('subscribers')
  subscribers() {
    return [...this.news.subscribers()].reduce((sum, [, subscribers]) => sum + subscribers, 0);
  }

  @Get('waiting')
  waiting() {
    return waiting;
  }

  /** The lines that the log has of a class, or of a word. */
  @Get('log')
  log(@Query('of') word: string) {
    return app.log.filter(({ message }) => message.includes(word)).map(({ message }) => message);
  }
}

let app: TestApp;

async function main(adapter: Adapter): Promise<void> {
  cases.forEach(({ controller }, n) => {
    Controller(pathOf(n))(controller);
    // The log names the class.
    Object.defineProperty(controller, 'name', { value: classOf(n) });
  });
  app = await startApp(adapter, {
    imports: [SseModule.forFeature([{ name: 'news' }])],
    controllers: [NewsView, Actions, ...cases.map(({ controller }) => controller)],
  });
  process.send!(app.port);
}

if (require.main === module) {
  void main(process.argv[2] as Adapter);
}
