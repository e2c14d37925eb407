import {
  Controller,
  ForbiddenException,
  Get,
  HttpException,
  Inject,
  Module,
  Post,
  Query,
  Res,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Validate, ValidatorConstraint } from 'class-validator';
import type { AddressInfo } from 'node:net';
import { finalize, map, Observable } from 'rxjs';
import { z } from 'zod';
import {
  ChannelView,
  getChannelToken,
  InjectChannel,
  ServerSentEventsView,
  SseConnections,
  SseModule,
  SseRoute,
  SseSignal,
  type SseChannel,
  type SseRouteOptions,
} from 'nestjs-sse-views';
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
  /** Whether the client leaves after its first event, and everything happens then. */
  readonly leaves?: true;
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
    leaves: true,
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
    leaves: true,
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
    leaves: true,
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
    leaves: true,
    controller: leaving(() => {
      let n = 0;
      const next = () => (n === 0 ? Promise.resolve({ value: { n: n++ }, done: false }) : new Promise(() => undefined));
      return { [Symbol.asyncIterator]: () => ({ next, return: rejects }) };
    }),
  },
  {
    hook: 'a teardown',
    what: 'throws',
    leaves: true,
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
    leaves: true,
    controller: leaving(async function* (signal) {
      signal.addEventListener('abort', error);
      yield { n: 0 };
      await aborted(signal);
    }),
  },
  {
    hook: 'a listener of the signal',
    what: 'rejects',
    leaves: true,
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
];

/** Where the n-th case listens. */
export const pathOf = (n: number): string => `/hooks/${n}`;

export { cases as HOOK_CASES };

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

  @Post('close-by-promise')
  closeByPromise() {
    return this.connections.close((() => rejects()) as never);
  }

  @Get('count')
  count() {
    return this.connections.count;
  }
}

async function main(adapter: string): Promise<void> {
  cases.forEach(({ controller }, n) => {
    Controller(pathOf(n))(controller);
  });

  @Module({
    imports: [SseModule.forRoot(), SseModule.forFeature([{ name: 'news' }])],
    controllers: [NewsView, Actions, ...cases.map(({ controller }) => controller)],
  })
  class Root {}

  const app = await NestFactory.create(Root, adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(), {
    logger: false,
  });
  app.get(getChannelToken('news'), { strict: false });
  await app.listen(0, '127.0.0.1');
  process.send!((app.getHttpServer().address() as AddressInfo).port);
}

if (require.main === module) {
  void main(process.argv[2]!);
}
