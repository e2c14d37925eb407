import {
  Body,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  Delete,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Header,
  HttpException,
  Inject,
  Module,
  Injectable,
  type NestInterceptor,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Req,
  RequestMethod,
  Res,
  Scope,
  SetMetadata,
  type Type,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
  Version,
  VersioningType,
  type ArgumentsHost,
} from '@nestjs/common';
import { NestFactory, Reflector, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { IsInt, Max, Min } from 'class-validator';
import { Type as TransformType } from 'class-transformer';
import { AsyncLocalStorage } from 'node:async_hooks';
import { delay, from, map, Observable, of, tap, throwError, timeout } from 'rxjs';
import { LastEventId, ServerSentEventsView, SseConnections, SseModule, SseRoute, SseSignal } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { beforeEnd, END_FRAME } from '../support/end-frame';
import { RawClient } from '../support/raw-client';
import { fetchEvents, parseEvents } from '../support/read-events';
import { aborted, until } from '../support/until';

afterEach(closeApps);

const dataOf = async (url: string, init?: RequestInit): Promise<unknown[]> =>
  (await fetchEvents(url, init)).map(({ data }) => data);

describe('outside of a running server', () => {
  @Controller('view')
  class View extends ServerSentEventsView<number> {
    async *events() {
      yield 1;
    }
  }

  it('works in an application of @nestjs/testing', async () => {
    const module = await Test.createTestingModule({ imports: [SseModule.forRoot()], controllers: [View] }).compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    expect(await dataOf(`${await app.getUrl()}/view`)).toEqual([1]);
    await app.close();
  });

  it('lets an application context without HTTP start and stop', async () => {
    class Root {}
    Module({ imports: [SseModule.forRoot()], controllers: [View] })(Root);
    const context = await NestFactory.createApplicationContext(Root, { logger: false, abortOnError: false });
    expect(context.get(SseConnections).count).toBe(0);
    await context.close();
  });
});

describe.each(ADAPTERS)('routes on %s', (adapter) => {
  it('routes events() as GET at the controller’s path, beside @SseRoute() methods and ordinary routes', async () => {
    @Controller('stocks')
    class Stocks extends ServerSentEventsView<{ price: number }> {
      async *events() {
        yield { data: { price: 1 } };
      }

      @SseRoute('halts')
      async *halts() {
        yield { halt: true };
      }

      @Get('latest')
      latest() {
        return { price: 2 };
      }

      @Post()
      create(@Body() body: unknown) {
        return body;
      }
    }
    const { url } = await startApp(adapter, { controllers: [Stocks] });
    expect(await dataOf(`${url}/stocks`)).toEqual([{ price: 1 }]);
    expect(await dataOf(`${url}/stocks/halts`)).toEqual([{ halt: true }]);
    expect(await (await fetch(`${url}/stocks/latest`)).json()).toEqual({ price: 2 });
    const created = await fetch(`${url}/stocks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    });
    expect([created.status, await created.json()]).toEqual([201, { a: 1 }]);
  });

  it('streams any method of an ordinary controller, with any HTTP method, several paths, and always status 200', async () => {
    @Controller('jobs')
    class Jobs {
      // An ordinary controller's own members are no options of a stream.
      retry() {
        return 'a method of the application';
      }

      @SseRoute({ method: RequestMethod.POST })
      async *run(@Body() body: { steps: number }) {
        for (let step = 1; step <= body.steps; step++) {
          yield { step };
        }
      }

      @SseRoute(['one', 'two'])
      *paths() {
        yield 'here';
      }

      @Delete()
      remove() {
        return 'removed';
      }
    }
    const { url } = await startApp(adapter, { controllers: [Jobs] });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"steps":2}' };
    expect(await dataOf(`${url}/jobs`, init)).toEqual([{ step: 1 }, { step: 2 }]);
    expect(await dataOf(`${url}/jobs/one`)).toEqual(['here']);
    expect(await dataOf(`${url}/jobs/two`)).toEqual(['here']);
    expect(await (await fetch(`${url}/jobs`, { method: 'DELETE' })).text()).toBe('removed');
  });

  it('shows interceptors the status 200 from the beginning, whatever the HTTP method', async () => {
    const statuses: number[] = [];
    class Logging implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler) {
        const { statusCode } = context.switchToHttp().getResponse<{ statusCode: number }>();
        statuses.push(statusCode);
        return next.handle();
      }
    }
    @UseInterceptors(Logging)
    @Controller('jobs')
    class Jobs {
      @SseRoute({ method: RequestMethod.POST })
      async *run() {
        yield 1;
      }
    }
    const { url } = await startApp(adapter, { controllers: [Jobs] });
    expect((await fetch(`${url}/jobs`, { method: 'POST' })).status).toBe(200);
    expect(statuses).toEqual([200]);
  });

  it('puts events() at the path that @SseRoute() gives it, and takes its options', async () => {
    @Controller('view')
    class View extends ServerSentEventsView {
      @SseRoute('stream', { retry: 1234 })
      async *events() {
        yield 1;
      }
    }
    const { url } = await startApp(adapter, { controllers: [View] });
    expect(await (await fetch(`${url}/view/stream`)).text()).toContain('retry: 1234\n');
    expect((await fetch(`${url}/view`)).status).toBe(404);
  });

  it('hands parameters, path arguments, headers, the request and @LastEventId() to the method', async () => {
    @Controller('rooms/:room')
    class Rooms extends ServerSentEventsView {
      async *events(
        @Param('room', ParseIntPipe) room: number,
        @Query('name') name: string,
        @LastEventId() lastEventId: string | undefined,
        @Req() request: { url: string },
      ) {
        yield { room, name, lastEventId: lastEventId ?? null, url: request.url };
      }
    }
    const { url } = await startApp(adapter, { controllers: [Rooms] });
    expect(await dataOf(`${url}/rooms/7?name=x`, { headers: { 'Last-Event-ID': 'abc' } })).toEqual([
      { room: 7, name: 'x', lastEventId: 'abc', url: '/rooms/7?name=x' },
    ]);
    expect(await dataOf(`${url}/rooms/7?name=x`)).toEqual([
      { room: 7, name: 'x', lastEventId: null, url: '/rooms/7?name=x' },
    ]);
    expect((await fetch(`${url}/rooms/seven`)).status).toBe(400);
  });

  it('keeps what the method sets on the response through @Res({ passthrough: true })', async () => {
    @Controller('view')
    class View extends ServerSentEventsView {
      async *events(@Res({ passthrough: true }) response: { header(name: string, value: string): void }) {
        response.header('X-Set-By-Handler', 'yes');
        yield 1;
        await new Promise((resolve) => setImmediate(resolve));
        yield 2;
      }
    }
    const { url, log } = await startApp(adapter, { controllers: [View] });
    const response = await fetch(`${url}/view`);
    expect(parseEvents(await response.text()).map(({ data }) => data)).toEqual(['1', '2']);
    expect(response.headers.get('x-set-by-handler')).toBe('yes');
    expect(log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('validates a query DTO with a pipe before the stream, with 400 in JSON', async () => {
    class Range {
      @TransformType(() => Number)
      @IsInt()
      @Min(1)
      @Max(5)
      count!: number;
    }
    @Controller('range')
    class RangeView extends ServerSentEventsView<number> {
      async *events(@Query() { count }: Range) {
        for (let i = 0; i < count; i++) {
          yield i;
        }
      }
    }
    const { url } = await startApp(adapter, {
      controllers: [RangeView],
      prepare: (app) => app.useGlobalPipes(new ValidationPipe({ transform: true })),
    });
    expect(await dataOf(`${url}/range?count=3`)).toEqual([0, 1, 2]);
    const bad = await fetch(`${url}/range?count=9`);
    expect(bad.status).toBe(400);
    expect(bad.headers.get('content-type')).toMatch('application/json');
    expect(await bad.json()).toMatchObject({ message: ['count must not be greater than 5'] });
  });

  it('runs global, controller and method guards before the stream, on a reconnect too', async () => {
    const asked: string[] = [];
    const guard = (name: string): Type<CanActivate> => {
      @Injectable()
      class Guard implements CanActivate {
        canActivate(context: ExecutionContext): boolean {
          asked.push(name);
          const { authorization } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers;
          if (name === 'global' && !authorization) {
            throw new UnauthorizedException();
          }
          return name !== 'method' || authorization === 'admin';
        }
      }
      return Guard;
    };
    @UseGuards(guard('controller'))
    @Controller('view')
    class View extends ServerSentEventsView {
      async *events() {
        yield 'public';
      }

      @UseGuards(guard('method'))
      @SseRoute('admin')
      async *admin() {
        yield 'secret';
      }
    }
    const { url } = await startApp(adapter, {
      controllers: [View],
      prepare: (app) => app.useGlobalGuards(new (guard('global'))()),
    });
    expect((await fetch(`${url}/view`, { headers: { 'Last-Event-ID': '5' } })).status).toBe(401);
    expect(await dataOf(`${url}/view`, { headers: { authorization: 'user' } })).toEqual(['public']);
    expect((await fetch(`${url}/view/admin`, { headers: { authorization: 'user' } })).status).toBe(403);
    expect(await dataOf(`${url}/view/admin`, { headers: { authorization: 'admin' } })).toEqual(['secret']);
    expect(asked.slice(-3)).toEqual(['global', 'controller', 'method']);
  });

  it('is done for an interceptor when the stream opens: wrappers, serializers and timeouts leave it alone', async () => {
    const done: string[] = [];
    class Logging implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(tap(() => done.push(context.getHandler().name)));
      }
    }
    class Wrap implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(map((data: unknown) => ({ data })));
      }
    }
    class Timeout implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(timeout(150));
      }
    }
    const gate = { open: () => undefined as void };
    const opened = new Promise<void>((resolve) => {
      gate.open = resolve;
    });
    @Controller('view')
    class View extends ServerSentEventsView {
      @UseInterceptors(Logging)
      async *events() {
        yield 'first';
        await opened;
        yield 'second';
      }

      @Get('plain')
      plain() {
        return 'plain';
      }
    }
    const { url, port } = await startApp(adapter, {
      controllers: [View],
      prepare: (app) => app.useGlobalInterceptors(new Wrap(), new Timeout()),
    });
    expect(await (await fetch(`${url}/view/plain`)).json()).toEqual({ data: 'plain' });
    const client = new RawClient(port, '/view');
    await client.untilBody((body) => body.includes('first'));
    expect(done).toEqual(['events']);
    const opensAt = performance.now();
    // Past the interceptor's timeout.
    await until(() => performance.now() - opensAt > 200);
    gate.open();
    const body = await client.untilBody((text) => text.includes('~end'));
    expect(parseEvents(beforeEnd(body)).map(({ data }) => data)).toEqual(['"first"', '"second"']);
  });

  it('lets an interceptor end the request before the stream opens, and lets go of the source', async () => {
    let signalOfSource: AbortSignal | undefined;
    class Timeout implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next
          .handle()
          .pipe(timeout({ each: 50, with: () => throwError(() => new HttpException('too slow', 408)) }));
      }
    }
    @Controller('view')
    class View extends ServerSentEventsView {
      @UseInterceptors(Timeout)
      @SseRoute({ openAfter: 10_000 })
      async *events(@SseSignal() signal: AbortSignal) {
        signalOfSource = signal;
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        yield 1;
      }
    }
    const { url } = await startApp(adapter, { controllers: [View] });
    const response = await fetch(`${url}/view`);
    expect([response.status, await response.json()]).toMatchObject([408, { message: 'too slow' }]);
    await until(() => signalOfSource?.aborted === true);
  });

  it('survives that something else answers the request: the method itself, or an interceptor that fails afterwards', async () => {
    class FailsAfterwards implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(
          map(() => {
            throw new HttpException('failed afterwards', 418);
          }),
        );
      }
    }
    let ended = 0;
    @Controller('view')
    class View extends ServerSentEventsView<number> {
      async *events(@Res() response: { status(code: number): { send(body: string): void } }) {
        try {
          response.status(418).send('a teapot');
          yield 1;
          yield 2;
        } finally {
          ended++;
        }
      }

      @UseInterceptors(FailsAfterwards)
      @SseRoute('afterwards')
      async *afterwards(@SseSignal() signal: AbortSignal) {
        try {
          yield 1;
          await aborted(signal);
        } finally {
          ended++;
        }
      }
    }
    const { url, app, log } = await startApp(adapter, { controllers: [View] });
    const response = await fetch(`${url}/view`);
    expect([response.status, await response.text()]).toEqual([418, 'a teapot']);
    await until(() => ended === 1);
    expect(log.filter(({ level }) => level === 'error')).toEqual([]);
    await (await fetch(`${url}/view/afterwards`)).text();
    await until(() => ended === 2);
    await until(() => app.get(SseConnections).count === 0);
    expect((await fetch(`${url}/view`)).status).toBe(418);
  });

  it('gives an error before the first event to the exception filters, with and without interceptors', async () => {
    @Catch(NotFoundException)
    class Filter implements ExceptionFilter {
      catch(exception: NotFoundException, host: ArgumentsHost) {
        const response = host.switchToHttp().getResponse<{ status(code: number): { send(body: unknown): void } }>();
        response.status(exception.getStatus()).send({ filtered: exception.message });
      }
    }
    class Wrap implements NestInterceptor {
      intercept(_context: ExecutionContext, next: CallHandler) {
        return next.handle().pipe(map((data: unknown) => ({ data })));
      }
    }
    @Controller('view')
    class View {
      @SseRoute('generator')
      async *generator(): AsyncGenerator<string> {
        throw new ForbiddenException('no');
      }

      @SseRoute('late')
      async *late(): AsyncGenerator<string> {
        // Later than one turn of the event loop: what Nest's own @Sse turns into a 200.
        await new Promise((resolve) => setTimeout(resolve, 20));
        throw new ForbiddenException('no');
      }

      @SseRoute('promise')
      async promise(): Promise<AsyncIterable<string>> {
        throw new ForbiddenException('no');
      }

      @SseRoute('sync')
      sync(): Iterable<string> {
        throw new ForbiddenException('no');
      }

      @SseRoute('observable')
      observable(): Observable<string> {
        return throwError(() => new ForbiddenException('no'));
      }

      @UseInterceptors(Wrap)
      @SseRoute('intercepted')
      async *intercepted(): AsyncGenerator<string> {
        throw new ForbiddenException('no');
      }

      @UseFilters(Filter)
      @SseRoute('filtered')
      async *filtered(): AsyncGenerator<string> {
        throw new NotFoundException('nothing here');
      }
    }
    const { url } = await startApp(adapter, { controllers: [View] });
    for (const path of ['generator', 'late', 'promise', 'sync', 'observable', 'intercepted']) {
      const response = await fetch(`${url}/view/${path}`);
      expect([path, response.status, await response.json()]).toEqual([
        path,
        403,
        { statusCode: 403, message: 'no', error: 'Forbidden' },
      ]);
    }
    const filtered = await fetch(`${url}/view/filtered`);
    expect([filtered.status, await filtered.json()]).toEqual([404, { filtered: 'nothing here' }]);
  });

  it('awaits a promise before the headers, whatever time it takes', async () => {
    @Controller('view')
    class View extends ServerSentEventsView<number> {
      async events(@Query('job') job: string) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        if (job === 'none') {
          throw new NotFoundException();
        }
        return from([1, 2]).pipe(delay(5));
      }
    }
    const { url } = await startApp(adapter, { controllers: [View], sse: { openAfter: 10 } });
    expect((await fetch(`${url}/view?job=none`)).status).toBe(404);
    expect(await dataOf(`${url}/view`)).toEqual([1, 2]);
  });

  it('works in request scope, with the request injected', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Tenant {
      constructor(@Inject(REQUEST) readonly request: { headers: Record<string, string> }) {}
    }
    let created = 0;
    @Controller('view')
    class View extends ServerSentEventsView {
      constructor(private readonly tenant: Tenant) {
        super();
        created++;
      }

      async *events() {
        yield this.tenant.request.headers['x-tenant'];
      }

      @SseRoute('other')
      async *other() {
        yield this.tenant.request.headers['x-tenant'];
      }
    }
    const { url } = await startApp(adapter, { controllers: [View], providers: [Tenant] });
    expect(await dataOf(`${url}/view`, { headers: { 'x-tenant': 'a' } })).toEqual(['a']);
    expect(await dataOf(`${url}/view/other`, { headers: { 'x-tenant': 'b' } })).toEqual(['b']);
    expect(created).toBe(2);
  });

  it('keeps two applications apart that share a request-scoped view', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {}
    @Controller('view')
    class View extends ServerSentEventsView {
      constructor(@Inject(Scoped) _scoped: Scoped) {
        super();
      }

      async *events() {
        yield 1;
      }
    }
    const options = { controllers: [View], providers: [Scoped] };
    const first = await startApp(adapter, { ...options, sse: { retry: 1 } });
    const second = await startApp(adapter, { ...options, sse: { retry: 2 } });
    expect(await (await fetch(`${first.url}/view`)).text()).toMatch(/^retry: 1\n/);
    expect(await (await fetch(`${second.url}/view`)).text()).toMatch(/^retry: 2\n/);
    await first.close();
    expect(await dataOf(`${second.url}/view`)).toEqual([1]);
  });

  it('works with inheritance: a subclass, an overridden events(), a mixin, each with its own options', async () => {
    @Controller('base')
    class Base extends ServerSentEventsView {
      readonly word: string = 'base';

      async *events(@Query('q') q: string) {
        yield `${this.word} ${q}`;
      }

      @SseRoute('more', { onEnd: 'reconnect' })
      async *more(@Query('q') q: string) {
        yield `more ${this.word} ${q}`;
      }
    }
    @Controller('sub')
    class Sub extends Base {
      static readonly headers = { 'X-Sub': 'yes' };
      override readonly word = 'sub';
    }
    @Controller('overriding')
    class Overriding extends Base {
      override async *events(@Query('q') q: string, @Query('r') r?: string) {
        yield* super.events(q);
        yield `overriding ${r}`;
      }
    }
    const WithWord = (base: Type<Base>, word: string): Type<Base> => {
      class WithWordMixin extends base {
        override readonly word = word;
      }
      return WithWordMixin;
    };
    @Controller('mixed')
    class Mixed extends WithWord(Base, 'mixed') {}

    const { url } = await startApp(adapter, { controllers: [Base, Sub, Overriding, Mixed] });
    expect(await dataOf(`${url}/base?q=1`)).toEqual(['base 1']);
    expect(await dataOf(`${url}/base/more?q=1`)).toEqual(['more base 1']);
    expect(await dataOf(`${url}/sub?q=1`)).toEqual(['sub 1']);
    expect(await dataOf(`${url}/sub/more?q=1`)).toEqual(['more sub 1']);
    expect((await fetch(`${url}/sub?q=1`)).headers.get('x-sub')).toBe('yes');
    expect((await fetch(`${url}/base?q=1`)).headers.get('x-sub')).toBeNull();
    expect(await dataOf(`${url}/overriding?q=1&r=2`)).toEqual(['base 1', 'overriding 2']);
    expect(await dataOf(`${url}/overriding/more?q=1`)).toEqual(['more base 1']);
    expect(await dataOf(`${url}/mixed?q=1`)).toEqual(['mixed 1']);
  });

  it('works in a class that extends a view which another application has registered before', async () => {
    @Controller('base')
    class Base extends ServerSentEventsView {
      async *events(@Query('q') q: string) {
        yield q;
      }
    }
    await (await startApp(adapter, { controllers: [Base] })).close();
    @Controller('later')
    class Later extends Base {
      override async *events(@Query('q') q: string, @Query('r') r?: string) {
        yield* super.events(q);
        yield String(r);
      }
    }
    @Controller('undecorated')
    class Undecorated extends Base {
      override async *events(q: string, r?: string) {
        yield `${q} ${typeof r}`;
      }
    }
    const { url } = await startApp(adapter, { controllers: [Base, Later, Undecorated] });
    expect(await dataOf(`${url}/later?q=1&r=2`)).toEqual(['1', '2']);
    expect(await dataOf(`${url}/undecorated?q=1`)).toEqual(['1 undefined']);
    expect(await dataOf(`${url}/base?q=1`)).toEqual(['1']);
  });

  it('stands under a global prefix and under URI and header versions', async () => {
    @Controller({ path: 'view', version: '1' })
    class View extends ServerSentEventsView {
      async *events() {
        yield 'v1';
      }

      @Version('2')
      @SseRoute()
      async *second() {
        yield 'v2';
      }
    }
    const uri = await startApp(adapter, {
      controllers: [View],
      prepare: (app) => app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI }),
    });
    expect(await dataOf(`${uri.url}/api/v1/view`)).toEqual(['v1']);
    expect(await dataOf(`${uri.url}/api/v2/view`)).toEqual(['v2']);
    const header = await startApp(adapter, {
      controllers: [View],
      prepare: (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' }),
    });
    expect(await dataOf(`${header.url}/view`, { headers: { 'X-Version': '1' } })).toEqual(['v1']);
    expect(await dataOf(`${header.url}/view`, { headers: { 'X-Version': '2' } })).toEqual(['v2']);
  });

  it('keeps metadata of the developer’s decorators on the handler, and @Header()', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Roles implements CanActivate {
      constructor(private readonly reflector: Reflector) {}

      canActivate(context: ExecutionContext): boolean {
        seen.push(
          this.reflector.get('roles', context.getHandler()),
          context.getHandler().name,
          context.getClass().name,
        );
        return true;
      }
    }
    @UseGuards(Roles)
    @Controller('view')
    class View extends ServerSentEventsView {
      @SetMetadata('roles', ['admin'])
      @Header('X-Extra', 'from decorator')
      async *events() {
        yield 1;
      }
    }
    const { url } = await startApp(adapter, { controllers: [View] });
    expect((await fetch(`${url}/view`)).headers.get('x-extra')).toBe('from decorator');
    expect(seen).toEqual([['admin'], 'events', 'View']);
  });

  it('keeps the asynchronous context of the request through the whole stream, also after the client was slow', async () => {
    const storage = new AsyncLocalStorage<string>();
    @Controller('view')
    class View extends ServerSentEventsView {
      async *events() {
        for (let i = 0; i < 200; i++) {
          yield { context: storage.getStore() ?? null, filler: 'x'.repeat(10_000) };
        }
      }
    }
    const { port } = await startApp(adapter, {
      controllers: [View],
      prepare: (app) =>
        app.use((_request: unknown, _response: unknown, next: () => void) => storage.run('of the request', next)),
    });
    const client = new RawClient(port, '/view', { paused: true });
    await until(() => client.socket.readableLength > 0 || client.socket.bytesRead >= 0);
    client.resume();
    const body = await client.untilBody((text) => text.endsWith(END_FRAME));
    const contexts = parseEvents(beforeEnd(body)).map(({ data }) => (JSON.parse(data) as { context: string }).context);
    expect(contexts).toHaveLength(200);
    expect(new Set(contexts)).toEqual(new Set(['of the request']));
  });

  it('leaves a view’s method callable by the application itself', async () => {
    @Controller('view')
    class View extends ServerSentEventsView {
      async *events(@Query('q') q: string) {
        yield q;
      }
    }
    const { app } = await startApp(adapter, { controllers: [View] });
    const values: unknown[] = [];
    for await (const value of app.get(View).events('direct')) {
      values.push(value);
    }
    expect(values).toEqual(['direct']);
  });

  it('refuses to start without SseModule, with an error that says what to do', async () => {
    @Controller('view')
    class View extends ServerSentEventsView {
      async *events() {
        yield 1;
      }
    }
    @Controller('plain')
    class Plain {
      @SseRoute()
      async *stream() {
        yield 1;
      }
    }
    for (const controller of [View, Plain]) {
      await expect(startApp(adapter, { controllers: [controller], sse: null })).rejects.toMatchObject({
        code: 'SSE_MODULE_MISSING',
        message: expect.stringContaining('SseModule.forRoot()') as string,
      });
    }
  });

  it('refuses to start with a stream that cannot be a route', async () => {
    @Controller('both')
    class Both {
      @Get()
      @SseRoute()
      async *stream() {
        yield 1;
      }
    }
    await expect(startApp(adapter, { controllers: [Both] })).rejects.toMatchObject({
      code: 'SSE_INVALID_CONFIGURATION',
      message: expect.stringMatching(/Both\.stream .*another route decorator/) as string,
    });
    @Controller('none')
    class None extends (ServerSentEventsView as unknown as Type) {}
    await expect(startApp(adapter, { controllers: [None] })).rejects.toThrow(
      'None extends ServerSentEventsView and has no method events()',
    );
    @Controller('typo')
    class Typo {
      @SseRoute('', { hartbeat: 5 } as object)
      async *stream() {
        yield 1;
      }
    }
    await expect(startApp(adapter, { controllers: [Typo] })).rejects.toThrow(
      'Typo.stream: there is no option "hartbeat"',
    );
    await expect(startApp(adapter, { imports: [SseModule.forRoot({})], sse: { retry: 1 } })).rejects.toThrow(
      'once, in the root module',
    );
  });

  it('takes its options asynchronously, and works imported as a bare class', async () => {
    @Controller('view')
    class View extends ServerSentEventsView {
      events() {
        return of(1);
      }
    }
    const asynchronous = await startApp(adapter, {
      sse: null,
      controllers: [View],
      imports: [SseModule.forRootAsync({ useFactory: async () => ({ retry: 77 }) })],
    });
    expect(await (await fetch(`${asynchronous.url}/view`)).text()).toMatch(/^retry: 77\n/);
    const bare = await startApp(adapter, { sse: null, controllers: [View], imports: [SseModule] });
    expect(await dataOf(`${bare.url}/view`)).toEqual([1]);
  });
});
