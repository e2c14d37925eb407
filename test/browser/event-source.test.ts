import {
  type CanActivate,
  ConflictException,
  Controller,
  type ExecutionContext,
  Get,
  HttpCode,
  UseGuards,
} from '@nestjs/common';
import { LastEventId, type SseRouteOptions, SseRoute, SseSignal } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { describeWithEngines } from '../support/engines/describe-with-engines';
import { aborted } from '../support/until';
import { CLOSED, CONNECTING, FollowedStream, OPEN } from './support/followed-stream';
import { PageController, startStreamApp } from './support/stream-app';

jest.setTimeout(60_000);

/** Soon enough for a test. Firefox waits half a second at least. */
const RETRY = 50;

const sse = { retry: RETRY };

describeWithEngines('An EventSource', (engine) => {
  afterEach(closeApps);

  describe.each(ADAPTERS)('on %s', (adapter) => {
    it('stops for good after a stream that ended: it runs once, and one more request is answered 204', async () => {
      let started = 0;
      @Controller('stream')
      class Ending {
        @SseRoute({ eventId: () => 'a' })
        *stream() {
          started++;
          yield 1;
        }
      }
      const app = await startStreamApp(adapter, Ending, { sse });
      const stream = await app.follow(engine, { names: ['end'] });
      await stream.untilClosed();
      expect(app.requests.answered()).toEqual([
        { status: 200, lastEventId: undefined },
        { status: 204, lastEventId: '~end' },
      ]);
      expect(await stream.dispatched()).toEqual([
        { type: 'open', readyState: OPEN },
        { type: 'message', data: '1', lastEventId: 'a', readyState: OPEN },
        { type: 'end', data: '', lastEventId: '~end', readyState: OPEN },
        { type: 'error', readyState: CONNECTING },
        { type: 'error', readyState: CLOSED },
      ]);
      expect(started).toBe(1);
    });

    it('is open before there is any event, and gets a first small event at once', async () => {
      const sluices: (() => void)[] = [];
      @Controller('stream')
      class Late {
        @SseRoute({ eventId: () => undefined })
        async *stream(@SseSignal() signal: AbortSignal) {
          await new Promise<void>((resolve) => {
            sluices.push(resolve);
          });
          yield 1;
          // Nothing follows that could push it on its way.
          await aborted(signal);
        }
      }
      const app = await startStreamApp(adapter, Late);
      const stream = await app.follow(engine);
      expect(await stream.untilDispatched((events) => events.length > 0)).toEqual([{ type: 'open', readyState: OPEN }]);
      sluices.forEach((open) => open());
      expect(await stream.untilDispatched((events) => events.length > 1)).toEqual([
        { type: 'open', readyState: OPEN },
        { type: 'message', data: '1', lastEventId: '', readyState: OPEN },
      ]);
      expect(app.requests.answered()).toHaveLength(1);
    });
  });

  it('is opened before the first event, though both come at once', async () => {
    @Controller('stream')
    class Ready {
      @SseRoute({ eventId: () => undefined })
      async *stream(@SseSignal() signal: AbortSignal) {
        yield 1;
        await aborted(signal);
      }
    }
    const app = await startStreamApp('express', Ready);
    const stream = await app.follow(engine);
    const events = await stream.untilDispatched((dispatched) => dispatched.length > 1);
    expect(events.map(({ type }) => type)).toEqual(['open', 'message']);
  });

  it('stops for good after a stream that had no event', async () => {
    let started = 0;
    @Controller('stream')
    class Empty {
      @SseRoute()
      *stream() {
        started++;
      }
    }
    const app = await startStreamApp('express', Empty, { sse });
    const stream = await app.follow(engine);
    await stream.untilClosed();
    expect(app.requests.answered().map(({ status }) => status)).toEqual([200, 204]);
    expect(started).toBe(1);
  });

  it.each<[SseRouteOptions['onEnd'], string, string]>([
    [{ event: 'done' }, 'done', ''],
    [{ event: 'done', data: { total: 3 } }, 'done', '{"total":3}'],
    [{ raw: '[DONE]' }, 'message', '[DONE]'],
  ])(
    'gets the event that the end is given, %j, with the reserved id, and stops for good',
    async (onEnd, type, data) => {
      @Controller('stream')
      class Ending {
        @SseRoute({ onEnd, eventId: () => 'a' })
        *stream() {
          yield 1;
        }
      }
      const app = await startStreamApp('express', Ending, { sse });
      const stream = await app.follow(engine, { names: ['done', 'end'] });
      await stream.untilClosed();
      expect((await stream.dispatched()).slice(0, 3)).toEqual([
        { type: 'open', readyState: OPEN },
        { type: 'message', data: '1', lastEventId: 'a', readyState: OPEN },
        { type, data, lastEventId: '~end', readyState: OPEN },
      ]);
      expect(app.requests.answered().map(({ lastEventId }) => lastEventId)).toEqual([undefined, '~end']);
    },
  );

  it.each(['reconnect', 'nothing'] as const)(
    'comes back with its last id after an end of the kind %j',
    async (onEnd) => {
      @Controller('stream')
      class Again {
        @SseRoute({ onEnd })
        async *stream(@LastEventId() lastEventId: string | undefined, @SseSignal() signal: AbortSignal) {
          if (lastEventId === undefined) {
            yield { data: 1, id: 'a' };
          } else {
            await aborted(signal);
          }
        }
      }
      const app = await startStreamApp('express', Again, { sse });
      const stream = await app.follow(engine, { names: ['end'] });
      await stream.untilOpened(2);
      expect(app.requests.answered().map(({ lastEventId }) => lastEventId)).toEqual([undefined, 'a']);
      expect((await stream.dispatched()).map(({ type }) => type)).toEqual(['open', 'message', 'error', 'open']);
    },
  );

  it('stops for good after an answer of 204, and does not open', async () => {
    @Controller('stream')
    class Nothing {
      @Get()
      @HttpCode(204)
      stream(): void {}
    }
    const app = await startStreamApp('express', Nothing);
    const stream = await app.follow(engine);
    await stream.untilClosed();
    expect(await stream.dispatched()).toEqual([{ type: 'error', readyState: CLOSED }]);
    expect(app.requests.answered()).toHaveLength(1);
  });

  it('gets an error of the stream by its own name, apart from "error", and comes back with its last id', async () => {
    @Controller('stream')
    class Failing {
      @SseRoute()
      *stream(@LastEventId() lastEventId: string | undefined) {
        if (lastEventId === undefined) {
          yield { data: 1, id: '1' };
          throw new ConflictException('Somebody else was faster');
        }
        yield { data: `after ${lastEventId}`, id: '2' };
      }
    }
    const app = await startStreamApp('express', Failing, { sse });
    const stream = await app.follow(engine, { names: ['stream-error'] });
    await stream.untilClosed();
    const [open, first, error, ...rest] = await stream.dispatched();
    expect([open, first]).toMatchObject([{ type: 'open' }, { type: 'message', data: '1' }]);
    expect(error).toMatchObject({ type: 'stream-error', lastEventId: '1', readyState: OPEN });
    expect(JSON.parse(error!.data!)).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'Somebody else was faster',
    });
    // What EventSource itself calls "error" is about the connection, and carries no data.
    expect(rest).toEqual([
      { type: 'error', readyState: CONNECTING },
      { type: 'open', readyState: OPEN },
      { type: 'message', data: '"after 1"', lastEventId: '2', readyState: OPEN },
      { type: 'error', readyState: CONNECTING },
      { type: 'error', readyState: CLOSED },
    ]);
  });

  it('stops for good after an error where the route says so', async () => {
    let started = 0;
    @Controller('stream')
    class Failing {
      @SseRoute({ onError: 'stop' })
      *stream() {
        started++;
        yield { data: 1, id: '1' };
        throw new ConflictException('Somebody else was faster');
      }
    }
    const app = await startStreamApp('express', Failing, { sse });
    const stream = await app.follow(engine, { names: ['stream-error'] });
    await stream.untilClosed();
    const types = (await stream.dispatched()).map(({ type }) => type);
    expect(types.slice(0, 3)).toEqual(['open', 'message', 'stream-error']);
    expect(app.requests.answered().map(({ status }) => status)).toEqual([200, 204]);
    expect(started).toBe(1);
  });

  it('requests a stream that always fails no more often than the stream says', async () => {
    const retry = 700;
    @Controller('stream')
    class Failing {
      @SseRoute({ retry })
      *stream() {
        yield 1;
        throw new Error('As always');
      }
    }
    const app = await startStreamApp('express', Failing);
    const stream = await app.follow(engine);
    await stream.untilOpened(3);
    // Timers of two processes: a few milliseconds less are no other rule.
    expect(Math.min(...app.requests.gaps())).toBeGreaterThan(retry - 10);
  });

  it('comes back after the time that the stream says, not after its own', async () => {
    let came = 0;
    @Controller('stream')
    class Again {
      @SseRoute({ retry: 600, onEnd: 'nothing' })
      async *stream(@SseSignal() signal: AbortSignal) {
        if (++came === 3) {
          await aborted(signal);
        }
      }
    }
    const app = await startStreamApp('express', Again);
    const stream = await app.follow(engine);
    await stream.untilOpened(3);
    const shortest = Math.min(...app.requests.gaps());
    expect(app.requests.gaps()).toHaveLength(2);
    expect(shortest).toBeGreaterThan(590);
    expect(shortest).toBeLessThan(2_500);
  });

  it('gets events by their names, and keeps the last id for those that have none', async () => {
    @Controller('stream')
    class Named {
      @SseRoute({ eventId: () => undefined })
      *stream() {
        yield { event: 'created', data: { n: 1 }, id: '1' };
        yield { event: 'unheard', data: { n: 2 }, id: '2' };
        yield { event: 'message', data: { n: 3 } };
        yield { event: 'größe 漢', data: 'a\nb', id: '' };
        yield { n: 5 };
      }
    }
    const app = await startStreamApp('express', Named, { sse });
    const stream = await app.follow(engine, { names: ['created', 'größe 漢'] });
    await stream.untilClosed();
    const events = (await stream.dispatched()).filter(({ data }) => data !== undefined);
    expect(events.map(({ type, data, lastEventId }) => [type, data, lastEventId])).toEqual([
      ['created', '{"n":1}', '1'],
      ['message', '{"n":3}', '2'],
      ['größe 漢', '"a\\nb"', ''],
      ['message', '{"n":5}', ''],
    ]);
  });

  it('gives an id back as it was, whatever its script', async () => {
    const ids = ['é-1', '位置 2', '😀'];
    const came: (string | undefined)[] = [];
    @Controller('stream')
    class Unicode {
      @SseRoute({ onEnd: 'nothing' })
      async *stream(@LastEventId() lastEventId: string | undefined, @SseSignal() signal: AbortSignal) {
        const id = ids[came.push(lastEventId) - 1];
        if (id === undefined) {
          await aborted(signal);
          return;
        }
        yield { data: id, id };
      }
    }
    const app = await startStreamApp('express', Unicode, { sse });
    const stream = await app.follow(engine);
    await stream.untilOpened(4);
    expect(came).toEqual([undefined, ...ids]);
    const messages = (await stream.dispatched()).filter(({ type }) => type === 'message');
    expect(messages.map(({ lastEventId }) => lastEventId)).toEqual(ids);
  });

  it('brings cookies to the guards of another origin where it is told to, and stops there, too', async () => {
    class Session implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
        return headers['cookie'] === 'session=secret';
      }
    }
    @Controller('stream')
    @UseGuards(Session)
    class Guarded {
      @SseRoute()
      *stream() {
        yield 'for you';
      }
    }
    const site = await startApp('express', { controllers: [PageController] });
    const api = await startStreamApp('express', Guarded, {
      sse,
      prepare: (app) => app.enableCors({ origin: site.url, credentials: true }),
    });
    const follow = async (withCredentials: boolean): Promise<FollowedStream> => {
      const page = await engine.open();
      await page.goto(`${site.url}/page`);
      // Cookies belong to a host, whatever the port.
      await page.evaluate(() => {
        (globalThis as unknown as { document: { cookie: string } }).document.cookie = 'session=secret';
      });
      return FollowedStream.on(page, `${api.url}/stream`, { withCredentials });
    };
    const allowed = await follow(true);
    await allowed.untilClosed();
    expect(api.requests.answered()).toEqual([
      { status: 200, lastEventId: undefined },
      { status: 204, lastEventId: '~end' },
    ]);
    expect(await allowed.dispatched()).toContainEqual(expect.objectContaining({ type: 'message', data: '"for you"' }));
    const anonymous = await follow(false);
    await anonymous.untilClosed();
    expect(api.requests.answered()[2]).toEqual({ status: 403, lastEventId: undefined });
    expect(await anonymous.dispatched()).toEqual([{ type: 'error', readyState: CLOSED }]);
  });
});
