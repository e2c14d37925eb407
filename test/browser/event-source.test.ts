import {
  type CanActivate,
  ConflictException,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { LastEventId, SseRoute, SseSignal } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp, type Adapter, type TestApp } from '../support/app';
import { describeWithChromium } from '../support/chromium';
import { aborted } from '../support/until';
import { chromiumPages } from './support/chromium-pages';
import { CLOSED, CONNECTING, FollowedStream, OPEN } from './support/followed-stream';

jest.setTimeout(60_000);

/** Soon enough for a test; what the browser waits by itself is three seconds. */
const RETRY = 50;

@Controller()
class PageController {
  @Get('page')
  @Header('Content-Type', 'text/html; charset=utf-8')
  page(): string {
    return '<!doctype html><title>An EventSource</title><link rel="icon" href="data:,">';
  }
}

describeWithChromium('The EventSource of Chromium', () => {
  const pages = chromiumPages();
  afterEach(closeApps);

  describe.each(ADAPTERS)('on %s', (adapter: Adapter) => {
    const start = (controller: Type): Promise<TestApp> =>
      startApp(adapter, { controllers: [PageController, controller], sse: { retry: RETRY } });
    const follow = async (app: TestApp, names?: readonly string[]): Promise<FollowedStream> =>
      FollowedStream.open(await pages.open(), `${app.url}/page`, '/stream', names);

    it('stops for good after a stream that ended, by one more request that is answered 204', async () => {
      let started = 0;
      @Controller('stream')
      class Ending {
        @SseRoute({ eventId: () => 'a' })
        *stream() {
          started++;
          yield 1;
        }
      }
      const stream = await follow(await start(Ending));
      await stream.untilClosed();
      expect(await stream.requests()).toEqual([
        { status: 200, lastEventId: undefined },
        { status: 204, lastEventId: '~end' },
      ]);
      // The event "end" is dispatched to those who listen to it, and to nobody else.
      expect(await stream.dispatched()).toEqual([
        { type: 'open', readyState: OPEN },
        { type: 'message', data: '1', lastEventId: 'a', readyState: OPEN },
        { type: 'error', readyState: CONNECTING },
        { type: 'error', readyState: CLOSED },
      ]);
      expect(started).toBe(1);
    });

    it('stops for good after a stream that had no event', async () => {
      @Controller('stream')
      class Empty {
        @SseRoute()
        *stream() {}
      }
      const stream = await follow(await start(Empty));
      await stream.untilClosed();
      expect((await stream.requests()).map(({ status }) => status)).toEqual([200, 204]);
    });

    it('hears the event that the end is given, with the reserved id, and stops', async () => {
      @Controller('stream')
      class Ending {
        @SseRoute({ onEnd: { event: 'done' }, eventId: () => 'a' })
        *stream() {
          yield 1;
        }
      }
      const stream = await follow(await start(Ending), ['done']);
      await stream.untilClosed();
      expect((await stream.dispatched()).slice(0, 3)).toEqual([
        { type: 'open', readyState: OPEN },
        { type: 'message', data: '1', lastEventId: 'a', readyState: OPEN },
        { type: 'done', data: '', lastEventId: '~end', readyState: OPEN },
      ]);
      expect((await stream.requests()).map(({ lastEventId }) => lastEventId)).toEqual([undefined, '~end']);
    });

    it('hears an error of the stream by its own name, apart from "error", and comes back with its last id', async () => {
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
      const stream = await follow(await start(Failing), ['stream-error']);
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

    it('comes back after the time that the stream says, not after its own', async () => {
      const came: number[] = [];
      @Controller('stream')
      class Again {
        @SseRoute({ retry: 400, onEnd: 'reconnect' })
        async *stream(@SseSignal() signal: AbortSignal) {
          if (came.push(performance.now()) === 3) {
            await aborted(signal);
          }
        }
      }
      const stream = await follow(await start(Again));
      await stream.untilDispatched((events) => events.filter(({ type }) => type === 'open').length === 3);
      const gaps = came.slice(1).map((time, index) => time - came[index]!);
      expect(gaps).toHaveLength(2);
      // Timers of two processes: a few milliseconds less are no other rule.
      expect(Math.min(...gaps)).toBeGreaterThan(390);
      expect(Math.min(...gaps)).toBeLessThan(2_500);
    });

    it('is open before there is any event', async () => {
      let give = (): void => undefined;
      const given = new Promise<void>((resolve) => {
        give = resolve;
      });
      @Controller('stream')
      class Late {
        @SseRoute({ eventId: () => undefined })
        async *stream(@SseSignal() signal: AbortSignal) {
          await given;
          yield 1;
          await aborted(signal);
        }
      }
      const stream = await follow(await start(Late));
      expect(await stream.untilDispatched((events) => events.length > 0)).toEqual([{ type: 'open', readyState: OPEN }]);
      expect(await stream.readyState()).toBe(OPEN);
      give();
      expect((await stream.untilDispatched((events) => events.length > 1))[1]).toMatchObject({
        type: 'message',
        data: '1',
      });
    });

    it('gives an id back as it was, whatever its script', async () => {
      const ids = ['é-1', '位置 2', '😀'];
      const came: (string | undefined)[] = [];
      @Controller('stream')
      class Unicode {
        @SseRoute({ onEnd: 'reconnect' })
        async *stream(@LastEventId() lastEventId: string | undefined, @SseSignal() signal: AbortSignal) {
          const id = ids[came.push(lastEventId) - 1];
          if (id === undefined) {
            await aborted(signal);
            return;
          }
          yield { data: id, id };
        }
      }
      const stream = await follow(await start(Unicode));
      await stream.untilDispatched((events) => events.filter(({ type }) => type === 'open').length === 4);
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
      const page = await startApp(adapter, { controllers: [PageController] });
      const api = await startApp(adapter, {
        controllers: [Guarded],
        sse: { retry: RETRY },
        prepare: (app) => app.enableCors({ origin: page.url, credentials: true }),
      });
      const openPage = async (withCredentials: boolean): Promise<FollowedStream> => {
        const tab = await pages.open();
        await tab.context().addCookies([{ name: 'session', value: 'secret', url: api.url }]);
        return FollowedStream.open(tab, `${page.url}/page`, `${api.url}/stream`, [], withCredentials);
      };
      const [allowed, anonymous] = await Promise.all([openPage(true), openPage(false)]);
      await allowed.untilClosed();
      expect(await allowed.requests()).toEqual([
        { status: 200, lastEventId: undefined },
        { status: 204, lastEventId: '~end' },
      ]);
      expect(await allowed.dispatched()).toContainEqual(
        expect.objectContaining({ type: 'message', data: '"for you"' }),
      );
      await anonymous.untilClosed();
      expect(await anonymous.requests()).toEqual([{ status: 403, lastEventId: undefined }]);
      expect(await anonymous.dispatched()).toEqual([{ type: 'error', readyState: CLOSED }]);
    });
  });
});
