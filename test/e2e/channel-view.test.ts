import {
  BadRequestException,
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  NotFoundException,
  Query,
  Scope,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import {
  ChannelView,
  LastEventId,
  SseConnections,
  SseRoute,
  SseSignal,
  type SseSubscribeOptions,
} from 'nestjs-sse-views';
import { z } from 'zod';
import { ADAPTERS, startApp } from '../support/app';
import { closeChannelApps, startChannelApp } from '../support/channel-app';
import { END_FRAME } from '../support/end-frame';
import { until } from '../support/until';

afterEach(closeChannelApps);

interface Request {
  readonly params: Record<string, string>;
  readonly query: Record<string, string>;
  readonly headers: Record<string, string>;
}

describe.each(ADAPTERS)('a ChannelView on %s', (adapter) => {
  @Controller('news')
  class NewsView extends ChannelView {
    static readonly channel = 'news';
  }

  it('is a whole route: what is published, what was missed, headers of a stream', async () => {
    const app = await startChannelApp(adapter, { controllers: [NewsView] });
    const client = app.connect('/news');
    await client.untilEvents(1);
    expect(client.head).toMatch(/^content-type: text\/event-stream$/im);
    await app.channel.publish('one');
    await client.untilEvents(2);
    client.leave();
    await app.channel.publish('two');
    const again = app.connect('/news', { lastEventId: client.lastEventId });
    await again.untilEvents(1);
    expect([client.data, again.data]).toEqual([['one'], ['two']]);
  });

  it('leaves no subscriber behind for a HEAD request, nor for one that comes with what is missed', async () => {
    const app = await startChannelApp(adapter, { controllers: [NewsView] });
    const { id } = await app.channel.publish('one');
    await app.channel.publish('two');
    const client = app.connect('/news');
    await client.untilEvents(1);
    for (const headers of [undefined, { 'Last-Event-ID': id }, { 'Last-Event-ID': 'x' }]) {
      const response = await fetch(`${app.url}/news`, { method: 'HEAD', ...(headers && { headers }) });
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    }
    await until(() => app.app.get(SseConnections).count === 1);
    expect([...app.channel.subscribers()]).toEqual([[undefined, 1]]);
  });

  it('begins with the oldest event that is retained, where it says so', async () => {
    @Controller('log')
    class LogView extends ChannelView {
      static readonly channel = 'news';
      override readonly from = 'oldest' as const;
    }
    const app = await startChannelApp(adapter, { controllers: [LogView], channel: { history: { maxEvents: 3 } } });
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      ids.push((await app.channel.publish(n)).id);
    }
    const client = app.connect('/log');
    await client.untilEvents(4);
    expect(client.events[0]).toEqual({ event: 'start', id: ids[1], data: { position: ids[1] } });
    await app.channel.publish(5);
    await client.untilEvents(5);
    expect([client.data, client.gaps]).toEqual([[2, 3, 4, 5], []]);
    const again = app.connect('/log', { lastEventId: ids[3] });
    await again.untilEvents(2);
    expect([again.names, again.data]).toEqual([
      [undefined, undefined],
      [4, 5],
    ]);
  });

  describe('chooses the topic by the request', () => {
    @Controller('rooms/:room')
    class RoomsView extends ChannelView {
      static readonly channel = 'news';

      override topic({ params }: Request) {
        return `room/${params['room']}`;
      }
    }

    @Controller('slow-rooms/:room')
    class SlowRoomsView extends ChannelView {
      static readonly channel = 'news';

      override async topic({ params }: Request) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        return `room/${params['room']}`;
      }
    }

    it.each(['rooms', 'slow-rooms'])('at once or later: %s', async (path) => {
      const app = await startChannelApp(adapter, { controllers: [RoomsView, SlowRoomsView] });
      const clients = ['a', 'b%2Fc'].map((room) => app.connect(`/${path}/${room}`));
      await Promise.all(clients.map((client) => client.untilEvents(1)));
      expect(new Map(app.channel.subscribers())).toEqual(
        new Map([
          ['room/a', 1],
          ['room/b/c', 1],
        ]),
      );
      await app.channel.publish('to a', { topic: 'room/a' });
      await app.channel.publish('to b/c', { topic: 'room/b/c' });
      await Promise.all(clients.map((client) => client.untilEvents(2)));
      expect(clients.map(({ data }) => data)).toEqual([['to a'], ['to b/c']]);
    });

    it.each<[string, (request: Request) => unknown, number]>([
      [
        'an error at once keeps its status',
        () => {
          throw new NotFoundException('no such room');
        },
        404,
      ],
      ['an error later keeps its status', () => Promise.reject(new ForbiddenException()), 403],
      ['an error that says nothing is 500', () => Promise.reject(new Error('secret')), 500],
      ['an empty topic is 400', () => '', 400],
      ['a promised empty topic is 400', () => Promise.resolve(''), 400],
      ['a long topic is 400', () => 'x'.repeat(257), 400],
      ['a topic with a control character is 400', () => 'a\0b', 400],
      ['a topic that is a number is 400', () => 5, 400],
      ['a topic that is a list is 400, as of ?topic=a&topic=b', () => ['a', 'b'], 400],
      ['null is no topic: 400', () => null, 400],
    ])('%s', async (_name, topic, status) => {
      @Controller('failing')
      class FailingView extends ChannelView {
        static readonly channel = 'news';

        override topic(request: Request) {
          return topic(request) as string;
        }
      }
      const app = await startChannelApp(adapter, { controllers: [FailingView] });
      const response = await fetch(`${app.url}/failing`);
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toContain('application/json');
      const body = await response.text();
      expect(body).toContain(`"statusCode":${status}`);
      expect(body).not.toContain('secret');
      expect([[...app.channel.subscribers()], app.app.get(SseConnections).count]).toEqual([[], 0]);
    });
  });

  describe('chooses the filter by the request', () => {
    it.each<[string, <T>(value: T) => T | Promise<T>]>([
      ['at once', (value) => value],
      ['later', (value) => Promise.resolve(value)],
    ])('%s, and none is everything', async (_name, give) => {
      @Controller('even')
      class EvenView extends ChannelView<number> {
        static readonly channel = 'news';

        override filter({ query }: Request) {
          return give(query['all'] ? undefined : ({ data }: { data: number }) => data % 2 === 0);
        }
      }
      const app = await startChannelApp(adapter, { controllers: [EvenView] });
      const [even, all] = ['', '?all=1'].map((query) => app.connect(`/even${query}`));
      await Promise.all([even!, all!].map((client) => client.untilEvents(1)));
      for (let n = 0; n < 5; n++) {
        await app.channel.publish(n);
      }
      await Promise.all([even!.untilEvents(4), all!.untilEvents(6)]);
      expect([even!.data, all!.data]).toEqual([
        [0, 2, 4],
        [0, 1, 2, 3, 4],
      ]);
    });

    it.each<[string, () => never | Promise<never>]>([
      [
        'at once',
        () => {
          throw new ForbiddenException();
        },
      ],
      ['later', () => Promise.reject(new ForbiddenException())],
    ])('an error %s keeps its status', async (_name, filter) => {
      @Controller('forbidden')
      class ForbiddenView extends ChannelView {
        static readonly channel = 'news';

        override filter() {
          return filter();
        }
      }
      const app = await startChannelApp(adapter, { controllers: [ForbiddenView] });
      expect((await fetch(`${app.url}/forbidden`)).status).toBe(403);
      expect([...app.channel.subscribers()]).toEqual([]);
    });
  });

  it('passes its guards on each reconnect, what was missed included', async () => {
    let isMember = true;
    @Injectable()
    class MemberGuard implements CanActivate {
      canActivate(context: ExecutionContext) {
        context.switchToHttp().getRequest().user = { name: 'ann' };
        return isMember;
      }
    }
    @Controller('private')
    @UseGuards(MemberGuard)
    class PrivateView extends ChannelView {
      static readonly channel = 'news';

      override topic({ user }: { user: { name: string } }) {
        return `user/${user.name}`;
      }
    }
    const app = await startChannelApp(adapter, { controllers: [PrivateView] });
    const client = app.connect('/private');
    await client.untilEvents(1);
    await app.channel.publish('hers', { topic: 'user/ann' });
    await client.untilEvents(2);
    client.leave();
    await until(() => app.app.get(SseConnections).count === 0);
    await app.channel.publish('a secret', { topic: 'user/ann' });
    isMember = false;
    const stranger = app.connect('/private', { lastEventId: client.events[0]!.id });
    await stranger.until(() => stranger.body.includes('}'));
    expect(stranger.status).toBe(403);
    expect(stranger.body).not.toMatch(/secret|hers|position/);
    expect(app.channel.counts.delivered).toBe(1);
    isMember = true;
    const again = app.connect('/private', { lastEventId: client.lastEventId });
    await again.untilEvents(1);
    expect(again.data).toEqual(['a secret']);
  });

  it('may have a stream of its own, with parameters, that yields from a subscription', async () => {
    @Controller('own')
    class OwnView extends ChannelView<string> {
      static readonly channel = 'news';

      override async *events(
        @Query('greeting') greeting: string,
        @LastEventId() after: string | undefined,
        @SseSignal() signal: AbortSignal,
      ) {
        if (greeting) {
          yield { event: 'greeting', data: greeting };
        }
        yield* this.channel.subscribe({ after, signal });
      }
    }
    const app = await startChannelApp<string>(adapter, { controllers: [OwnView] });
    const plain = app.connect('/own');
    const client = app.connect('/own?greeting=hello');
    await client.untilEvents(2);
    await plain.untilEvents(1);
    await app.channel.publish({ event: 'report', data: 'one' });
    await Promise.all([client.untilEvents(3), plain.untilEvents(2)]);
    expect(client.names).toEqual(['greeting', 'start', 'report']);
    // A greeting has no id: it would hide how far the client is.
    expect(client.frames[0]).toBe('event: greeting\ndata: "hello"\n\n');
    expect(client.frames.slice(1)).toEqual(plain.frames);
    client.leave();
    await app.channel.publish('two');
    const again = app.connect('/own', { lastEventId: client.lastEventId });
    await again.untilEvents(1);
    expect([again.names, again.data]).toEqual([[undefined], ['two']]);
  });

  it('may return a subscription of its own, and have other routes beside', async () => {
    @Controller('own')
    class OwnView extends ChannelView<string> {
      static readonly channel = 'news';

      override async events(@Query('topic') topic: string, @LastEventId() after: string | undefined) {
        if (topic === 'none') {
          throw new BadRequestException('which?');
        }
        return this.channel.subscribe({ topic, after });
      }

      @SseRoute('archive')
      archive(@Query() query: SseSubscribeOptions) {
        return this.channel.subscribe({ topic: query.topic, from: 'oldest' });
      }

      @Get('latest')
      latest() {
        return { latest: true };
      }
    }
    const app = await startChannelApp<string>(adapter, { controllers: [OwnView] });
    const client = app.connect('/own?topic=a');
    await client.untilEvents(1);
    await app.channel.publish('one', { topic: 'a' });
    await client.untilEvents(2);
    expect(client.data).toEqual(['one']);
    const archive = app.connect('/own/archive?topic=a');
    await archive.untilEvents(2);
    expect([archive.names, archive.data]).toEqual([['start', undefined], ['one']]);
    expect((await fetch(`${app.url}/own?topic=none`)).status).toBe(400);
    expect(await (await fetch(`${app.url}/own/latest`)).json()).toEqual({ latest: true });
  });

  it('gives the position before what is published in the turn in which a client comes', async () => {
    @Controller('at-once')
    class AtOnceView extends ChannelView<number> {
      static readonly channel = 'news';

      override events() {
        void this.channel.publish(1);
        void this.publishLater();
        return this.channel.subscribe();
      }

      private async publishLater(): Promise<void> {
        for (let promise = 0; promise < 30; promise++) {
          await Promise.resolve();
        }
        await this.channel.publish(2);
      }
    }
    const app = await startChannelApp<number>(adapter, { controllers: [NewsView, AtOnceView] });
    // The topic is there already when the client comes.
    const other = app.connect('/news');
    await other.untilEvents(1);
    const client = app.connect('/at-once');
    await Promise.all([client.untilEvents(2), other.untilEvents(3)]);
    const [, one, two] = other.events;
    expect(client.events).toEqual([{ event: 'start', id: one!.id, data: { position: one!.id } }, two]);
  });

  it('ends where the signal that it gave its subscription aborts, before as well as during', async () => {
    const until5 = new AbortController();
    @Controller('limited')
    class LimitedView extends ChannelView {
      static readonly channel = 'news';

      override async events() {
        return this.channel.subscribe({ signal: until5.signal });
      }
    }
    const app = await startChannelApp(adapter, { controllers: [LimitedView] });
    const client = app.connect('/limited');
    await client.untilEvents(1);
    await app.channel.publish(1);
    await client.untilEvents(2);
    until5.abort();
    await client.until(() => client.isComplete);
    expect(client.frames.at(-1)).toBe(END_FRAME);
    const late = app.connect('/limited');
    await late.until(() => late.isComplete);
    expect(late.frames).toEqual([END_FRAME]);
    expect([...app.channel.subscribers()]).toEqual([]);
  });

  it('works request-scoped, under a global prefix, and as a subclass of another view', async () => {
    @Controller({ path: 'scoped', scope: Scope.REQUEST })
    class ScopedView extends ChannelView {
      static readonly channel: string = 'news';

      constructor(@Inject(REQUEST) private readonly request: Request) {
        super();
      }

      override topic() {
        return this.request.query['topic'];
      }
    }
    @Controller('derived')
    class DerivedView extends ScopedView {}
    const app = await startChannelApp(adapter, {
      controllers: [ScopedView, DerivedView],
      prepare: (nest) => nest.setGlobalPrefix('api'),
    });
    const clients = ['scoped', 'derived'].map((path) => app.connect(`/api/${path}?topic=a`));
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    await app.channel.publish('one', { topic: 'a' });
    await Promise.all(clients.map((client) => client.untilEvents(2)));
    expect(clients.map(({ data }) => data)).toEqual([['one'], ['one']]);
    expect((await fetch(`${app.url}/scoped?topic=a`)).status).toBe(404);
  });

  it('sends its retry with the first bytes', async () => {
    @Controller('retrying')
    class RetryingView extends ChannelView {
      static readonly channel = 'news';
      override readonly retry = 1_234;
    }
    const app = await startChannelApp(adapter, { controllers: [RetryingView] });
    const client = app.connect('/retrying');
    await client.untilEvents(1);
    expect(client.frames.map((frame) => frame.split(':')[0])).toEqual(['retry', 'event']);
    expect(client.frames[0]).toBe('retry: 1234\n\n');
  });

  it('is documented with the schema of its channel', async () => {
    const schema = z.object({ headline: z.string() });
    @Controller('own-schema')
    class OwnSchemaView extends ChannelView {
      static readonly channel = 'news';
      static readonly responseSchema = z.object({ other: z.number() });
    }
    const app = await startChannelApp(adapter, { controllers: [NewsView, OwnSchemaView], channel: { schema } });
    const document = SwaggerModule.createDocument(app.app, new DocumentBuilder().build());
    const text = (path: string): string => JSON.stringify(document.paths[path]!.get!.responses['200']);
    expect(text('/news')).toContain('"headline"');
    expect(text('/own-schema')).toContain('"other"');
    expect(document.paths['/news']!.get!.parameters).toContainEqual(
      expect.objectContaining({ name: 'Last-Event-ID', in: 'header' }),
    );
  });

  describe('that cannot work fails at start', () => {
    it('without the name of a channel', async () => {
      @Controller('nameless')
      class NamelessView extends ChannelView {}
      await expect(startChannelApp(adapter, { controllers: [NamelessView] })).rejects.toThrow(
        /NamelessView .*static readonly channel.*It has none; .*"news"/,
      );
    });

    it('with the name of none', async () => {
      @Controller('unknown')
      class UnknownView extends ChannelView {
        static readonly channel = 'olds';
      }
      await expect(startChannelApp(adapter, { controllers: [UnknownView] })).rejects.toMatchObject({
        code: 'SSE_INVALID_CONFIGURATION',
        message: expect.stringMatching(/UnknownView .*"olds".*"news"/),
      });
      await expect(startApp(adapter, { controllers: [UnknownView] })).rejects.toThrow(/"olds".*none/);
    });

    it('in an application without SseModule', async () => {
      await expect(startApp(adapter, { controllers: [NewsView], sse: null })).rejects.toMatchObject({
        code: 'SSE_MODULE_MISSING',
        message: expect.stringContaining('SseModule.forRoot()'),
      });
    });
  });
});
