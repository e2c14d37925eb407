import {
  Controller,
  HttpCode,
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { EMPTY } from 'rxjs';
import { ServerSentEventsView, SseConnections, SseRoute, SseUnavailableError } from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { until } from '../support/until';

afterEach(closeApps);

/** What both adapters' responses have. */
interface SettableResponse {
  status(status: number): unknown;
}

/** In a source whose stream would be open by then. */
const longerThanOpenAfter = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

describe.each(ADAPTERS)('the answer of a stream’s route, on %s', (adapter) => {
  describe('without a stream', () => {
    @Injectable()
    class Accepted implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler) {
        context.switchToHttp().getResponse<SettableResponse>().status(202);
        return next.handle();
      }
    }

    @Controller('view')
    class View extends ServerSentEventsView<string> {
      events() {
        return null;
      }

      @SseRoute('promised')
      async promised(): Promise<null> {
        return null;
      }

      @SseRoute('empty')
      empty(@Res({ passthrough: true }) response: SettableResponse) {
        response.status(204);
        return [];
      }

      @SseRoute('generated')
      async *generated(@Res({ passthrough: true }) response: SettableResponse): AsyncGenerator<string> {
        await Promise.resolve();
        response.status(205);
      }

      @SseRoute('observed')
      observed(@Res({ passthrough: true }) response: SettableResponse) {
        response.status(304);
        return EMPTY;
      }

      @SseRoute('null-and-status')
      nullAndStatus(@Res({ passthrough: true }) response: SettableResponse): null {
        response.status(205);
        return null;
      }

      @SseRoute('missing')
      missing(@Res({ passthrough: true }) response: SettableResponse) {
        response.status(404);
        return [];
      }

      @SseRoute('lost')
      async *lost(@Res({ passthrough: true }) response: SettableResponse) {
        response.status(204);
        yield 'lost';
      }

      @SseRoute('late', { openAfter: 1 })
      async *late(@Res({ passthrough: true }) response: SettableResponse) {
        response.status(204);
        await longerThanOpenAfter();
        yield 'late';
      }

      @SseRoute('late-and-empty', { openAfter: 1 })
      async *lateAndEmpty(@Res({ passthrough: true }) response: SettableResponse): AsyncGenerator<string> {
        response.status(204);
        await longerThanOpenAfter();
      }

      @SseRoute('accepted')
      @UseInterceptors(Accepted)
      async *accepted() {
        yield 'accepted';
      }

      @SseRoute('nothing')
      nothing() {
        return undefined as unknown as null;
      }
    }

    it.each([
      ['null', '/view', 204],
      ['a promise of null', '/view/promised', 204],
      ['an empty list after status 204', '/view/empty', 204],
      ['a generator that sets 205 and ends', '/view/generated', 205],
      ['an observable that is empty after status 304', '/view/observed', 304],
      ['null after status 205', '/view/null-and-status', 205],
      ['a generator that sets 204 and ends after openAfter', '/view/late-and-empty', 204],
    ])('is that status, and no body, for %s', async (_what, path, status) => {
      const app = await startApp(adapter, { controllers: [View] });
      const response = await fetch(`${app.url}${path}`, { headers: { Accept: 'text/event-stream' } });
      expect([response.status, await response.text()]).toEqual([status, '']);
      await until(() => app.app.get(SseConnections).count === 0);
      expect(app.log.filter(({ level }) => level === 'error')).toEqual([]);
    });

    it.each([
      ['404 is set and a list returned', '/view/missing', 'View.missing has the status 404'],
      ['204 is set and an event yielded', '/view/lost', 'View.lost has the status 204'],
      ['204 is set and an event yielded after openAfter', '/view/late', 'View.late has the status 204'],
      ['an interceptor sets 202', '/view/accepted', 'View.accepted has the status 202'],
      ['nothing is returned', '/view/nothing', 'is a `return` or a `yield` missing?'],
    ])('is an error that says what to do where %s', async (_what, path, message) => {
      const app = await startApp(adapter, { controllers: [View] });
      const response = await fetch(`${app.url}${path}`, { headers: { Accept: 'text/event-stream' } });
      expect([response.status, await response.json()]).toEqual([500, expect.objectContaining({ statusCode: 500 })]);
      expect(
        app.log
          .filter(({ level }) => level === 'error')
          .map((line) => line.message)
          .join(),
      ).toContain(message);
      expect(app.app.get(SseConnections).count).toBe(0);
    });

    it('is refused at the start where @HttpCode() says another status', async () => {
      @Controller('created')
      class Created {
        @SseRoute()
        @HttpCode(201)
        created() {
          return ['created'];
        }
      }
      await expect(startApp(adapter, { controllers: [Created] })).rejects.toThrow(
        'Created.created is a stream and has @HttpCode(201). The status of a stream is 200',
      );
      @Controller('ok')
      class Ok {
        @SseRoute()
        @HttpCode(200)
        ok() {
          return ['ok'];
        }
      }
      const app = await startApp(adapter, { controllers: [Ok] });
      expect((await fetch(`${app.url}/ok`)).status).toBe(200);
    });
  });

  describe('while the events are unavailable', () => {
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      events(): string[] {
        throw new SseUnavailableError('The engine is away');
      }
    }

    it('is 200 and a time to come back for an EventSource, which says that it accepts nothing but a stream', async () => {
      const app = await startApp(adapter, { controllers: [View], sse: { shutdown: { retry: 1_000 } } });
      const response = await fetch(`${app.url}/view`, { headers: { Accept: 'text/event-stream' } });
      expect([response.status, await response.text()]).toEqual([200, expect.stringMatching(/^retry: \d{4}\n\n$/)]);
    });

    it.each(['text/event-stream, application/json', 'text/event-stream, */*', '*/*', 'application/json'])(
      'is 503 with Retry-After and JSON for a client that accepts %s',
      async (accept) => {
        const app = await startApp(adapter, { controllers: [View], sse: { shutdown: { retry: 1_000 } } });
        const response = await fetch(`${app.url}/view`, { headers: { Accept: accept } });
        expect([response.status, response.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^[12]$/)]);
        expect(response.headers.get('content-type')).toMatch(/^application\/json/);
        expect(await response.json()).toEqual({
          statusCode: 503,
          error: 'Service Unavailable',
          message: 'The events are temporarily unavailable. Retry',
        });
      },
    );

    it('is 503 with Retry-After and a problem for a client that accepts one', async () => {
      const app = await startApp(adapter, { controllers: [View], sse: { shutdown: { retry: 1_000 } } });
      const response = await fetch(`${app.url}/view`, {
        headers: { Accept: 'text/event-stream, application/problem+json' },
      });
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^[12]$/)]);
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(await response.json()).toEqual({
        type: 'about:blank',
        title: 'Service Unavailable',
        status: 503,
        detail: 'The events are temporarily unavailable. Retry',
      });
      expect(app.log.filter(({ level }) => level === 'warn')).toEqual([]);
    });
  });
});
