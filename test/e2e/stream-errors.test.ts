import { ConflictException, Controller, HttpException } from '@nestjs/common';
import { concat, of, Subject, throwError } from 'rxjs';
import {
  sseEvent,
  SseConnections,
  SseRoute,
  type OnError,
  type SseModuleOptions,
  type SseRouteOptions,
  type SseSource,
} from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp, type TestApp } from '../support/app';
import { END_FRAME, SILENT_END_FRAME } from '../support/end-frame';
import { JITTERED, withoutJitter } from '../support/jittered-retry';
import { RawClient, type RawRequestOptions } from '../support/raw-client';
import { until } from '../support/until';

const CONFLICT = '{"type":"about:blank","title":"Conflict","status":409,"detail":"Too late"}';
const UNKNOWN = '{"type":"about:blank","title":"Internal Server Error","status":500}';
const comesBack = (problem: string): string => `event: stream-error\nretry: ${JITTERED}\ndata: ${problem}\n\n`;
const isOver = (problem: string): string => `event: stream-error\ndata: ${problem}\n\n`;

describe.each(ADAPTERS)('an error after the first event, on %s', (adapter) => {
  afterEach(closeApps);

  const serve = (source: () => unknown, route: SseRouteOptions = {}, sse: SseModuleOptions = {}): Promise<TestApp> => {
    @Controller('stream')
    class StreamController {
      @SseRoute(route)
      stream(): SseSource {
        return source() as SseSource;
      }
    }
    return startApp(adapter, { controllers: [StreamController], sse: { eventId: () => undefined, ...sse } });
  };

  /** A source that gives one event, and fails. */
  const failing = (error: unknown) => () =>
    concat(
      of(1),
      throwError(() => error),
    );

  const read = async ({ port }: TestApp, options?: RawRequestOptions): Promise<RawClient> => {
    const client = new RawClient(port, '/stream', options);
    await until(() => client.tail.endsWith('0\r\n\r\n'));
    return client;
  };

  /** What comes after the event, with the time that is jittered left out. */
  const lastFrames = async (app: TestApp, options?: RawRequestOptions, retry?: number): Promise<string> => {
    const body = withoutJitter((await read(app, options)).body, retry);
    return body.slice(body.indexOf('data: 1\n\n') + 'data: 1\n\n'.length);
  };

  const errors = ({ log }: TestApp): string[] =>
    log.filter(({ level }) => level === 'error').map(({ message }) => message);

  describe('by onError', () => {
    it("is stream-error with the time after which to come back, with 'reconnect', which is the default", async () => {
      for (const route of [{}, { onError: 'reconnect' as const }]) {
        const app = await serve(failing(new ConflictException('Too late')), route);
        expect(await lastFrames(app)).toBe(comesBack(CONFLICT));
        expect(errors(app)).toHaveLength(1);
        expect(errors(app)[0]).toContain('StreamController.stream: the stream ended with an error');
      }
    });

    it("is stream-error and then the end, with 'stop', so that no client comes back", async () => {
      const app = await serve(failing(new ConflictException('Too late')), { onError: 'stop' });
      expect(await lastFrames(app)).toBe(isOver(CONFLICT) + END_FRAME);
      expect(await lastFrames(app, { headers: { Accept: '*/*' } })).toBe(isOver(CONFLICT) + SILENT_END_FRAME);
    });

    it("is stream-error and then the end with 'stop' whatever onEnd says", async () => {
      const app = await serve(failing(new Error('secret')), { onError: 'stop', onEnd: { event: 'done' } });
      expect(await lastFrames(app)).toBe(isOver(UNKNOWN) + END_FRAME);
    });

    it('gives a function the error and the framework’s request', async () => {
      const seen: unknown[] = [];
      const error = new ConflictException('Too late');
      const onError: OnError = (...given) => {
        seen.push(...given);
        return { event: 'failed', data: { of: (given[1] as { headers: Record<string, string> }).headers['x-user'] } };
      };
      const app = await serve(failing(error), { onError });
      expect(await lastFrames(app, { headers: { 'X-User': 'ann' } })).toBe(
        `event: failed\nretry: ${JITTERED}\ndata: {"of":"ann"}\n\n`,
      );
      expect(seen).toHaveLength(2);
      expect(seen[0]).toBe(error);
      // The log has the error in any case.
      expect(errors(app)).toHaveLength(1);
    });

    it.each<[string, () => unknown, string]>([
      ['data alone', () => 'sorry', `retry: ${JITTERED}\ndata: "sorry"\n\n`],
      ['null, which is data', () => null, `retry: ${JITTERED}\ndata: null\n\n`],
      ['an envelope with a time of its own', () => ({ data: 1, retry: 7 }), 'retry: 7\ndata: 1\n\n'],
      [
        'an envelope with an id',
        () => ({ event: 'failed', data: 1, id: 'a' }),
        `event: failed\nid: a\nretry: ${JITTERED}\ndata: 1\n\n`,
      ],
      [
        'the own name stream-error',
        () => ({ event: 'stream-error', data: { code: 7 } }),
        `event: stream-error\nretry: ${JITTERED}\ndata: {"code":7}\n\n`,
      ],
      ['raw text', () => sseEvent({ raw: 'oops' }), `retry: ${JITTERED}\ndata: oops\n\n`],
      ['a comment', () => sseEvent({ comment: 'oops' }), `: oops\nretry: ${JITTERED}\n\n`],
      ["'reconnect'", () => 'reconnect', comesBack(UNKNOWN)],
      ["'stop'", () => 'stop', isOver(UNKNOWN) + END_FRAME],
      ['undefined, which is no event', () => undefined, `retry: ${JITTERED}\n\n`],
    ])('is what a function returns: %s', async (_name, onError, frames) => {
      const app = await serve(failing(new Error('secret')), { onError: onError as OnError });
      expect(await lastFrames(app)).toBe(frames);
      expect(errors(app)).toHaveLength(1);
    });

    it.each<[string, () => unknown, RegExp]>([
      ['throws', () => throwing(new Error('in onError')), /onError failed, .*in onError/s],
      ['returns a promise', () => Promise.resolve({ data: 1 }), /onError\(\) must not return a promise/],
      [
        'returns a promise that rejects',
        () => Promise.reject(new Error('late')),
        /onError\(\) must not return a promise/,
      ],
      ['returns another own name', () => ({ event: 'gap', data: 1 }), /a name that the library keeps/],
      ['returns the reserved id', () => ({ data: 1, id: '~end' }), /reserved for the end/],
      ['returns what JSON cannot express', () => ({ data: new Map() }), /a Map/],
      ['returns an envelope without data', () => ({ data: undefined }), /data is undefined/],
    ])('is stream-error where a function %s, and the log has both', async (_name, onError, reason) => {
      const app = await serve(failing(new ConflictException('Too late')), { onError: onError as OnError });
      expect(await lastFrames(app)).toBe(comesBack(CONFLICT));
      expect(errors(app)).toHaveLength(2);
      expect(errors(app)[1]).toMatch(reason);
      // The application serves on.
      expect(await lastFrames(app)).toBe(comesBack(CONFLICT));
    });

    it('is taken from the module where the route says nothing, and from the route before it', async () => {
      const error = new ConflictException('Too late');
      expect(await lastFrames(await serve(failing(error), {}, { onError: 'stop' }))).toBe(isOver(CONFLICT) + END_FRAME);
      expect(await lastFrames(await serve(failing(error), { onError: 'reconnect' }, { onError: 'stop' }))).toBe(
        comesBack(CONFLICT),
      );
    });

    it('is not asked of an error before the first event, which keeps its status', async () => {
      const onError = jest.fn(() => undefined);
      const app = await serve(() => throwError(() => new ConflictException()), { onError });
      const response = await fetch(`${app.url}/stream`);
      expect(response.status).toBe(409);
      expect(onError).not.toHaveBeenCalled();
    });
  });

  it.each([0, 50, 20_000])('sends clients away for the route’s retry %d, up to doubled', async (retry) => {
    const app = await serve(failing(new Error('secret')), { retry });
    expect(await lastFrames(app, {}, retry)).toBe(comesBack(UNKNOWN));
  });

  it('sends each of many clients away for another time', async () => {
    const source = new Subject<number>();
    const app = await serve(() => source, { retry: 1_000_000, openAfter: 0 });
    const clients = Array.from({ length: 30 }, () => new RawClient(app.port, '/stream'));
    await Promise.all(clients.map((client) => client.untilBody((body) => body.endsWith('\n\n'))));
    source.error(new Error('secret'));
    await until(() => clients.every(({ tail }) => tail.endsWith('0\r\n\r\n')));
    const times = clients.map(({ body }) => Number(/event: stream-error\nretry: (\d+)\n/.exec(body)![1]));
    expect(times.every((time) => time >= 1_000_000 && time <= 2_000_000)).toBe(true);
    expect(new Set(times).size).toBeGreaterThan(25);
  });

  describe('that carries what cannot be sent ends its own stream with a plain problem, and nothing else', () => {
    const GONE = '{"type":"about:blank","title":"Gone","status":410}';
    const circle: Record<string, unknown> = { message: 'a circle' };
    circle['self'] = circle;
    let deep: object = {};
    for (let level = 0; level < 20_000; level++) {
      deep = { deep };
    }
    const withGetter = Object.defineProperty({ message: 'm' }, 'row', {
      enumerable: true,
      get: () => throwing(new Error('from a getter')),
    });
    class Hostile extends Error {
      override get stack(): string {
        return throwing(new Error('from the stack'));
      }
      get code(): string {
        return throwing(new Error('from the code'));
      }
    }
    class WithoutStatus extends HttpException {
      override getStatus(): number {
        return throwing(new Error('from the status'));
      }
    }

    it.each<[string, () => unknown, string | undefined]>([
      ['a BigInt', () => new HttpException({ amount: 5n }, 410), GONE],
      ['a circle', () => new HttpException(circle, 410), GONE],
      ['deep nesting', () => new HttpException({ deep }, 410), GONE],
      ['a deep message', () => new HttpException({ message: deep }, 410), GONE],
      ['null', () => new HttpException(null as unknown as object, 410), GONE],
      ['undefined', () => new HttpException(undefined as unknown as object, 410), GONE],
      ['a number', () => new HttpException(5 as unknown as object, 410), GONE],
      ['a Map', () => new HttpException({ rows: new Map([[1, 2]]) }, 410), GONE],
      ['a promise', () => new HttpException({ row: Promise.resolve(1) }, 410), GONE],
      ['bytes', () => new HttpException({ row: Buffer.from('abc') }, 410), GONE],
      ['a toJSON that throws', () => new HttpException({ toJSON: () => throwing(new Error('no')) }, 410), GONE],
      ['a getter that throws', () => new HttpException(withGetter, 410), UNKNOWN],
      ['a status that throws', () => new WithoutStatus('m', 410), UNKNOWN],
      ['nothing, being null itself', () => null, UNKNOWN],
      ['nothing, being undefined itself', () => undefined, UNKNOWN],
      ['a stack and a code that throw', () => new Hostile('m'), undefined],
    ])('%s', async (_name, make, problem) => {
      const failed = new Subject<number>();
      @Controller()
      class Two {
        @SseRoute('stream', { openAfter: 0 })
        failing(): SseSource {
          return failed;
        }
        @SseRoute('other', { openAfter: 0 })
        other(): SseSource {
          return living;
        }
      }
      const living = new Subject<number>();
      const uncaught: unknown[] = [];
      const note = (error: unknown): void => void uncaught.push(error);
      process.on('uncaughtException', note).on('unhandledRejection', note);
      try {
        const app = await startApp(adapter, { controllers: [Two], sse: { eventId: () => undefined } });
        const [one, two] = [new RawClient(app.port, '/stream'), new RawClient(app.port, '/other')];
        await until(() => app.app.get(SseConnections).count === 2 && one.head !== '' && two.head !== '');
        failed.next(1);
        living.next(1);
        await one.untilBody((body) => body.includes('data: 1\n\n'));
        failed.error(make());
        await until(() => app.app.get(SseConnections).count === 1);
        await until(() => one.ended || one.tail.endsWith('0\r\n\r\n'));
        living.next(2);
        await two.untilBody((body) => body.includes('data: 1\n\ndata: 2\n\n'));
        const frames = withoutJitter(one.body);
        expect(frames.slice(frames.indexOf('data: 1\n\n'))).toBe(
          `data: 1\n\n${problem === undefined ? '' : comesBack(problem)}`,
        );
        expect(errors(app)).toHaveLength(1);
        two.leave();
        await new Promise((resolve) => setImmediate(resolve));
        expect(uncaught).toEqual([]);
      } finally {
        process.off('uncaughtException', note).off('unhandledRejection', note);
      }
    });
  });
});

function throwing(error: Error): never {
  throw error;
}
