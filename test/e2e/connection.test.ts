import { spawn } from 'node:child_process';
import { Controller, Get, HttpException, NotFoundException, Param, Query, RequestMethod } from '@nestjs/common';
import { interval, map, Observable, shareReplay, Subject } from 'rxjs';
import {
  LastEventId,
  ServerSentEventsView,
  SseConnections,
  SseRoute,
  SseSignal,
  type SseMessage,
} from 'nestjs-sse-views';
import { SseRuntime } from '../../src/view/sse.runtime';
import { ADAPTERS, closeApps, startApp, type TestApp } from '../support/app';
import { beforeEnd } from '../support/end-frame';
import { RawClient } from '../support/raw-client';
import { parseEvents } from '../support/read-events';
import { aborted, until } from '../support/until';

afterEach(closeApps);

const KILOBYTE = 'x'.repeat(1024);

/** What an application holds for its streams. */
const held = ({ app }: TestApp) => ({
  connections: app.get(SseConnections).count,
  timers: app.get(SseRuntime).wheel.size,
});
const NOTHING = { connections: 0, timers: 0 };

describe.each(ADAPTERS)('a connection on %s', (adapter) => {
  describe('lets go of its source when the client goes', () => {
    /** Counts what begins and what ends of each kind of source. */
    const sources = () => {
      const counts = { begun: 0, ended: 0, aborted: 0, pulled: 0 };
      const begin = (signal: AbortSignal): void => {
        counts.begun++;
        signal.addEventListener('abort', () => counts.aborted++);
      };
      @Controller('source')
      class Sources {
        @SseRoute('waiting')
        async *waiting(@SseSignal() signal: AbortSignal) {
          begin(signal);
          try {
            yield 'first';
            await aborted(signal);
          } finally {
            counts.ended++;
          }
        }

        @SseRoute('blocked')
        async *blocked(@SseSignal() signal: AbortSignal) {
          begin(signal);
          try {
            for (;;) {
              counts.pulled++;
              yield KILOBYTE;
            }
          } finally {
            counts.ended++;
          }
        }

        @SseRoute('observable')
        observable(@SseSignal() signal: AbortSignal) {
          begin(signal);
          return new Observable<string>((subscriber) => {
            subscriber.next('first');
            return () => counts.ended++;
          });
        }

        @SseRoute('unopened')
        async *unopened(@SseSignal() signal: AbortSignal) {
          begin(signal);
          try {
            await aborted(signal);
            yield 'never';
          } finally {
            counts.ended++;
          }
        }

        @SseRoute('promised')
        async promised(@SseSignal() signal: AbortSignal): Promise<string[]> {
          begin(signal);
          await aborted(signal);
          counts.ended++;
          throw new HttpException('nobody is there', 500);
        }
      }
      return { Sources, counts };
    };

    for (const how of ['leave', 'reset'] as const) {
      it.each(['waiting', 'observable'])(
        `by ${how === 'leave' ? 'FIN' : 'RST'}, from a source that waits: %s`,
        async (path) => {
          const { Sources, counts } = sources();
          const app = await startApp(adapter, { controllers: [Sources] });
          const client = new RawClient(app.port, `/source/${path}`);
          await client.untilBody((body) => body.includes('first'));
          expect(held(app)).toEqual({ connections: 1, timers: 1 });
          client[how]();
          await until(() => counts.ended === 1 && counts.aborted === 1, 1_000);
          await until(() => held(app).connections === 0);
          expect(held(app)).toEqual(NOTHING);
        },
      );

      it(`by ${how === 'leave' ? 'FIN' : 'RST'}, from a source that is blocked on a client that does not read`, async () => {
        const { Sources, counts } = sources();
        const app = await startApp(adapter, { controllers: [Sources] });
        const client = new RawClient(app.port, '/source/blocked', { paused: true });
        await until(() => counts.pulled > 0);
        let before = -1;
        await until(() => {
          const still = before === counts.pulled;
          before = counts.pulled;
          return still;
        });
        client[how]();
        await until(() => counts.ended === 1 && counts.aborted === 1, 1_000);
        await until(() => held(app).connections === 0);
        expect(held(app)).toEqual(NOTHING);
      });

      it.each(['unopened', 'promised'])(
        `by ${how === 'leave' ? 'FIN' : 'RST'}, before the stream is open: %s`,
        async (path) => {
          const { Sources, counts } = sources();
          const app = await startApp(adapter, { controllers: [Sources], sse: { openAfter: 60_000 } });
          const client = new RawClient(app.port, `/source/${path}`);
          await until(() => counts.begun === 1);
          client[how]();
          await until(() => counts.ended === 1 && counts.aborted === 1, 1_000);
          await until(() => held(app).connections === 0);
          expect(held(app)).toEqual(NOTHING);
        },
      );
    }

    it('when it leaves while a guard, a pipe or an interceptor still works, without calling the handler', async () => {
      let called = 0;
      let inPipe = 0;
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const slowPipe = {
        async transform(value: unknown) {
          inPipe++;
          await released;
          return value;
        },
      };
      @Controller('view')
      class View extends ServerSentEventsView {
        events(@Query('q', slowPipe) _q: string) {
          called++;
          return [1];
        }

        @Get('plain')
        plain() {
          return 'alive';
        }
      }
      const app = await startApp(adapter, { controllers: [View] });
      const client = new RawClient(app.port, '/view?q=1');
      await until(() => inPipe === 1);
      client.reset();
      // The server has seen the reset when it has answered a later request.
      await until(() => client.ended);
      expect(await (await fetch(`${app.url}/view/plain`)).text()).toBe('alive');
      release();
      expect(await (await fetch(`${app.url}/view/plain`)).text()).toBe('alive');
      expect(called).toBe(0);
      expect(held(app)).toEqual(NOTHING);
    });

    it('when it is a pipelined request whose turn never came', async () => {
      const { Sources, counts } = sources();
      @Controller('held')
      class Held {
        @Get()
        held() {
          return new Promise(() => undefined);
        }
      }
      const app = await startApp(adapter, { controllers: [Sources, Held] });
      const client = new RawClient(app.port, '/held');
      client.socket.write('GET /source/waiting HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await until(() => counts.begun === 1);
      client.reset();
      await until(() => counts.ended === 1 && counts.aborted === 1, 1_000);
      await until(() => held(app).connections === 0);
      expect(held(app)).toEqual(NOTHING);
    });
  });

  it('ends a stream when its source ends: signal aborted, nothing held, the connection free for the next request', async () => {
    let signal: AbortSignal | undefined;
    @Controller('view')
    class View extends ServerSentEventsView<number> {
      async *events(@SseSignal() given: AbortSignal) {
        signal = given;
        yield 1;
      }
    }
    const app = await startApp(adapter, { controllers: [View] });
    const client = new RawClient(app.port, '/view');
    await until(() => client.tail.endsWith('0\r\n\r\n'));
    await until(() => held(app).connections === 0);
    expect(held(app)).toEqual(NOTHING);
    expect(signal?.aborted).toBe(true);
    client.forget();
    client.socket.write('GET /view HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await client.untilBody((body) => body.includes('~end'));
  });

  it('leaves nothing behind after 1,000 connects and disconnects, each at another moment', async () => {
    const counts = { begun: 0, ended: 0 };
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      async *events(@SseSignal() signal: AbortSignal) {
        counts.begun++;
        try {
          yield 'first';
          await aborted(signal);
        } finally {
          counts.ended++;
        }
      }

      @SseRoute('pushed')
      pushed() {
        counts.begun++;
        return new Observable<string>((subscriber) => {
          const timer = setInterval(() => subscriber.next('tick'), 5);
          return () => {
            clearInterval(timer);
            counts.ended++;
          };
        });
      }
    }
    const app = await startApp(adapter, { controllers: [View] });
    const rounds = 20;
    for (let round = 0; round < rounds; round++) {
      const clients = Array.from({ length: 50 }, (_, i) => new RawClient(app.port, i % 2 ? '/view' : '/view/pushed'));
      const open = clients.filter((_, i) => i % 5 !== 0);
      // A fifth leaves at once, whether or not the request has arrived.
      clients.filter((_, i) => i % 5 === 0).forEach((client) => client.reset());
      await Promise.all(open.map((client) => client.untilBody((body) => body.length > 0)));
      open.forEach((client, i) => (i % 2 ? client.reset() : client.leave()));
    }
    await until(() => held(app).connections === 0 && counts.begun === counts.ended, 20_000);
    expect(held(app)).toEqual(NOTHING);
    expect(counts.begun).toBeGreaterThanOrEqual(rounds * 40);
    await new Promise((resolve) => {
      app.app.getHttpServer().getConnections((_error: unknown, count: number) => resolve(expect(count).toBe(0)));
    });
  }, 60_000);

  describe('flushes the headers', () => {
    it('after openAfter, so that a client’s open fires though no event has come', async () => {
      @Controller('view')
      class View extends ServerSentEventsView<string> {
        async *events(@SseSignal() signal: AbortSignal) {
          await aborted(signal);
          yield 'never';
        }
      }
      const app = await startApp(adapter, { controllers: [View], sse: { openAfter: 20 } });
      const response = await fetch(`${app.url}/view`);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
      await response.body?.cancel();
    });

    it('with the first event in one piece, not later than the event', async () => {
      @Controller('view')
      class View extends ServerSentEventsView<string> {
        async *events(@SseSignal() signal: AbortSignal) {
          yield 'now';
          await aborted(signal);
        }
      }
      const app = await startApp(adapter, { controllers: [View], sse: { openAfter: 60_000 } });
      const client = new RawClient(app.port, '/view');
      await client.untilBody((body) => body.includes('now'));
    });
  });

  it('sends a comment after each stretch of silence, only then, and one timer serves all', async () => {
    const pushed = new Subject<string>();
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      override readonly retry = 5;

      events() {
        return pushed;
      }

      @SseRoute('busy')
      busy() {
        return interval(10).pipe(map(() => 'busy'));
      }

      @SseRoute('silent', { heartbeat: false })
      silent() {
        return pushed;
      }
    }
    const app = await startApp(adapter, { controllers: [View], sse: { heartbeat: 100, openAfter: 0 } });
    const clients = Array.from({ length: 20 }, () => new RawClient(app.port, '/view'));
    const busy = new RawClient(app.port, '/view/busy');
    const silent = new RawClient(app.port, '/view/silent');
    await Promise.all(clients.map((client) => client.untilBody((body) => body.endsWith(':\n\n:\n\n:\n\n'))));
    expect(busy.body).not.toContain(':\n\n');
    expect(silent.body).not.toContain(':\n\n');
    expect(held(app).timers).toBe(22);
    const timers = (app.app.get(SseRuntime).wheel as unknown as { timer: unknown }).timer;
    expect(timers).toBeDefined();
    pushed.next('a\nb');
    const body = await clients[0]!.untilBody((text) => text.includes('a\\nb'));
    expect(parseEvents(body).map(({ data }) => data)).toEqual(['"a\\nb"']);
  });

  describe('holds back for a client that does not read', () => {
    it('by not pulling: a pulled source stops within what the sockets take, and goes on where it was', async () => {
      let pulled = 0;
      const total = 30_000;
      @Controller('view')
      class View extends ServerSentEventsView<string> {
        async *events() {
          for (; pulled < total; pulled++) {
            yield `${pulled} ${KILOBYTE}`;
          }
        }
      }
      const app = await startApp(adapter, { controllers: [View] });
      const client = new RawClient(app.port, '/view', { paused: true });
      let before = -1;
      await until(() => pulled > 0);
      await until(() => {
        const still = before === pulled;
        before = pulled;
        return still;
      });
      // The kernel's buffers take some megabytes on the loopback address; the process holds one batch.
      expect(pulled).toBeLessThan(total / 2);
      client.resume();
      await until(() => client.tail.endsWith('0\r\n\r\n'), 20_000);
      const numbers = parseEvents(beforeEnd(client.body)).map(({ data }) =>
        Number((JSON.parse(data) as string).split(' ')[0]),
      );
      expect(numbers).toEqual(Array.from({ length: total }, (_, i) => i));
    }, 30_000);

    it('by closing it when a pushed source goes over overflow.maxBytes, and nobody else waits', async () => {
      const pushed = new Subject<string>();
      @Controller('view')
      class View extends ServerSentEventsView<string> {
        events() {
          return pushed;
        }
      }
      const app = await startApp(adapter, {
        controllers: [View],
        sse: { overflow: { maxBytes: 100_000 }, openAfter: 0 },
      });
      const slow = new RawClient(app.port, '/view', { paused: true });
      const fast = new RawClient(app.port, '/view');
      await until(() => held(app).connections === 2 && fast.head !== '');
      let sent = 0;
      await until(() => {
        for (let i = 0; i < 50; i++) {
          pushed.next(`${sent++} ${KILOBYTE}`);
        }
        return held(app).connections === 1;
      }, 20_000);
      expect(app.log.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
        expect.stringMatching(/^View\.events: closed a connection, \d+ bytes wait .*overflow\.maxBytes 100000/),
      ]);
      pushed.complete();
      await until(() => fast.tail.endsWith('0\r\n\r\n'), 20_000);
      expect(
        parseEvents(beforeEnd(fast.body)).map(({ data }) => Number((JSON.parse(data) as string).split(' ')[0])),
      ).toEqual(Array.from({ length: sent }, (_, i) => i));
      slow.reset();
    }, 60_000);

    it('for overflow.timeout, then gives the write up', async () => {
      let ended = false;
      @Controller('view')
      class View extends ServerSentEventsView<string> {
        async *events() {
          try {
            for (;;) {
              yield KILOBYTE;
            }
          } finally {
            ended = true;
          }
        }
      }
      const app = await startApp(adapter, { controllers: [View], sse: { overflow: { timeout: 200 } } });
      const client = new RawClient(app.port, '/view', { paused: true });
      await until(() => ended);
      await until(() => held(app).connections === 0);
      expect(held(app)).toEqual(NOTHING);
      expect(app.log.filter(({ level }) => level === 'warn')[0]?.message).toMatch(
        /has not read for \d+ ms \(overflow\.timeout 200\)/,
      );
      client.reset();
    });

    it('without closing a client that reads slowly but does read', async () => {
      @Controller('view')
      class View extends ServerSentEventsView<string> {
        async *events() {
          for (let i = 0; i < 2_000; i++) {
            yield 'y'.repeat(16_384);
          }
        }
      }
      const app = await startApp(adapter, { controllers: [View], sse: { overflow: { timeout: 1_500 } } });
      // 64 KB a step: some seconds, most of which the server's writes are blocked.
      const client = new RawClient(app.port, '/view');
      client.socket.on('data', () => {
        client.socket.pause();
        setTimeout(() => client.socket.resume(), 10);
      });
      await until(() => client.tail.endsWith('0\r\n\r\n'), 30_000);
      expect(parseEvents(beforeEnd(client.body))).toHaveLength(2_000);
    }, 40_000);
  });

  it('answers other requests while a source floods a fast reader', async () => {
    let pulled = 0;
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      async *events() {
        for (;;) {
          pulled++;
          yield 'flood';
        }
      }

      @Get('plain')
      plain() {
        return 'alive';
      }
    }
    const app = await startApp(adapter, { controllers: [View] });
    // A process of its own: only then can the sockets drain without a turn of this process's event loop.
    const reader = spawn(process.execPath, [
      '-e',
      `require('node:http').get('${app.url}/view', (response) => response.resume())`,
    ]);
    try {
      await until(() => pulled > 100_000);
      const before = pulled;
      for (let i = 0; i < 20; i++) {
        expect(await (await fetch(`${app.url}/view/plain`)).text()).toBe('alive');
      }
      // A request takes a few turns, and a turn lets the source go on for some thousand events. A starved one sees millions.
      expect((pulled - before) / 20).toBeLessThan(250_000);
    } finally {
      reader.kill();
    }
    await until(() => held(app).connections === 0);
  });

  it('sends frames of one turn in one chunk', async () => {
    const pushed = new Subject<number>();
    @Controller('view')
    class View extends ServerSentEventsView<number> {
      events() {
        return pushed;
      }
    }
    const app = await startApp(adapter, { controllers: [View], sse: { openAfter: 0, eventId: () => undefined } });
    const client = new RawClient(app.port, '/view');
    await until(() => client.head !== '');
    for (let i = 0; i < 5; i++) {
      pushed.next(i);
    }
    await client.untilBody((body) => body.includes('data: 4'));
    // The comment of the headers, then five frames of nine bytes: one chunk of 45 (0x2d).
    expect(client.received.slice(client.head.length + 4)).toMatch(/^3\r\n:\n\n\r\n2d\r\n/);
  });

  it('tells late errors once as a problem, logs them once, and ends the stream', async () => {
    @Controller('view/:kind')
    class View extends ServerSentEventsView<string> {
      async *events(@Param('kind') kind: string) {
        yield 'first';
        await new Promise((resolve) => setImmediate(resolve));
        if (kind === 'http') {
          throw new NotFoundException({ message: 'the job is gone', job: 7 });
        }
        throw new TypeError('secret of the house');
      }
    }
    const app = await startApp(adapter, { controllers: [View] });
    const http = parseEvents(await (await fetch(`${app.url}/view/http`)).text());
    expect(http.map(({ event }) => event)).toEqual([undefined, 'stream-error']);
    expect(http[1]!.id).toBeUndefined();
    expect(JSON.parse(http[1]!.data)).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'the job is gone',
      job: 7,
    });
    const text = await (await fetch(`${app.url}/view/other`)).text();
    expect(text).not.toContain('secret');
    expect(text).not.toContain('~end');
    expect(JSON.parse(parseEvents(text)[1]!.data)).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
    });
    const errors = app.log.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(2);
    expect(errors[1]!.message).toContain('secret of the house');
  });

  it('lives on when what a source does at its end throws: the log says so, and the client is let go', async () => {
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      events() {
        return new Observable<string>((subscriber) => {
          subscriber.next('first');
          return () => {
            throw new Error('no way to stop');
          };
        });
      }
    }
    const app = await startApp(adapter, { controllers: [View] });
    const client = new RawClient(app.port, '/view');
    await client.untilBody((body) => body.includes('first'));
    client.leave();
    await until(() => app.log.some(({ message }) => message.includes('no way to stop')));
    await until(() => held(app).connections === 0);
    expect(held(app)).toEqual(NOTHING);
  });

  it('ends a source that the operators of its pipe keep, though nobody subscribes to them any more', async () => {
    const counts = { begun: 0, ended: 0 };
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      events() {
        return new Observable<string>((subscriber) => {
          counts.begun++;
          subscriber.next('first');
          return () => counts.ended++;
        });
      }

      override pipe(events$: Observable<SseMessage<string>>) {
        return events$.pipe(shareReplay(1));
      }
    }
    const app = await startApp(adapter, { controllers: [View] });
    const client = new RawClient(app.port, '/view');
    await client.untilBody((body) => body.includes('first'));
    expect(counts).toEqual({ begun: 1, ended: 0 });
    client.leave();
    await until(() => counts.ended === 1);
  });

  it('gives a signal that is aborted to whoever asks for it after the end', async () => {
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      async *events() {
        yield 'first';
        await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
      }
    }
    const app = await startApp(adapter, { controllers: [View] });
    const client = new RawClient(app.port, '/view');
    await client.untilBody((body) => body.includes('first'));
    const [connection] = app.app.get(SseConnections);
    client.leave();
    await until(() => held(app).connections === 0);
    expect(connection!.signal.aborted).toBe(true);
  });

  it('can be counted, looked at and closed by SseConnections', async () => {
    @Controller('view')
    class View extends ServerSentEventsView<string> {
      async *events(@SseSignal() signal: AbortSignal, @LastEventId() id: string) {
        yield `after ${id}`;
        await aborted(signal);
      }
    }
    const app = await startApp(adapter, { controllers: [View] });
    const clients = ['ann', 'bob', 'cem'].map(
      (user) => new RawClient(app.port, '/view', { headers: { 'X-User': user, 'Last-Event-ID': `${user}-1` } }),
    );
    await Promise.all(clients.map((client) => client.untilBody((body) => body.includes('after'))));
    const connections = app.app.get(SseConnections);
    expect(connections.count).toBe(3);
    const userOf = (request: unknown) => (request as { headers: Record<string, string> }).headers['x-user'];
    expect(
      [...connections].map(({ request, handler, lastEventId }) => [userOf(request), handler, lastEventId]).toSorted(),
    ).toEqual([
      ['ann', 'View.events', 'ann-1'],
      ['bob', 'View.events', 'bob-1'],
      ['cem', 'View.events', 'cem-1'],
    ]);
    expect([...connections].every(({ openedAt, signal }) => openedAt <= new Date() && !signal.aborted)).toBe(true);
    expect(connections.close(({ request }) => userOf(request) === 'bob', 'stop')).toBe(1);
    await until(() => clients[1]!.tail.endsWith('0\r\n\r\n'));
    expect(clients[1]!.body).toContain('id: ~end');
    await until(() => connections.count === 2);
    expect(connections.close()).toBe(2);
    await until(() => connections.count === 0);
    expect(clients[0]!.body).not.toContain('~end');
    expect(held(app)).toEqual(NOTHING);
  });

  it('streams to POST with 200', async () => {
    @Controller('view')
    class View {
      @SseRoute({ method: RequestMethod.POST })
      async *run() {
        yield 1;
      }
    }
    const app = await startApp(adapter, { controllers: [View] });
    const response = await fetch(`${app.url}/view`, { method: 'POST' });
    expect(response.status).toBe(200);
    expect(parseEvents(await response.text()).map(({ data }) => data)).toEqual(['1']);
  });
});
