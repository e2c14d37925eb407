import { Controller, Param } from '@nestjs/common';
import {
  ChannelView,
  InjectChannel,
  LastEventId,
  memoryBackplane,
  ServerSentEventsView,
  SseConnections,
  SseRoute,
  SseUnavailableError,
  type OnInvalid,
  type SseChannel,
  type SseRouteOptions,
} from 'nestjs-sse-views';
import { z } from 'zod';
import { Observable } from 'rxjs';
import { ADAPTERS, startApp, type LogLine, type TestApp } from '../support/app';
import { closeChannelApps, startChannelApp } from '../support/channel-app';
import { RawClient } from '../support/raw-client';
import { ScriptedBackplane } from '../support/scripted-backplane';
import { until } from '../support/until';

/** A text that wants to be a line of its own, in another colour, and the other way round. */
const HOSTILE = 'x\r\n[Nest] 1 - LOG forged\u001b[31m\u202e\u2028\ud800';
const MILLION = 'x'.repeat(1_000_000);

/** What no line of the log may contain. Lines of a stack are lines of their own, and begin with spaces. */
const HARMFUL = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const ofLevel = (log: readonly LogLine[], level: string): string[] =>
  log.filter((line) => line.level === level).map(({ message }) => message);

const lengthOf = (log: readonly LogLine[]): number => log.reduce((sum, { message }) => sum + message.length, 0);

function expectHarmless(log: readonly LogLine[]): void {
  for (const { message } of log) {
    expect(message).not.toMatch(HARMFUL);
    const [, ...lines] = message.split('\n');
    expect(lines.filter((line) => !line.startsWith('  '))).toEqual([]);
  }
}

describe.each(ADAPTERS)('the log, on %s', (adapter) => {
  afterEach(closeChannelApps);

  /** An application with one route, `/stream`. */
  function serve(source: (seen: string) => unknown, options: SseRouteOptions = {}): Promise<TestApp> {
    @Controller()
    class StreamController {
      @SseRoute('stream', options)
      stream() {
        return source('') as Iterable<unknown>;
      }

      @SseRoute('stream/:name', options)
      named(@Param('name') name: string) {
        return source(name) as Iterable<unknown>;
      }
    }
    return startApp(adapter, { controllers: [StreamController] });
  }

  /** Reads a stream to its end, again and again. */
  async function read(app: TestApp, times = 1, path = '/stream'): Promise<string> {
    let body = '';
    for (let left = times; left > 0; left -= 20) {
      const bodies = Array.from({ length: Math.min(left, 20) }, async () => (await fetch(app.url + path)).text());
      [body = ''] = await Promise.all(bodies);
    }
    return body;
  }

  function throwAfterOne(make: () => unknown): Promise<TestApp> {
    return serve(function* () {
      yield 1;
      throw make();
    });
  }

  describe('is not forged', () => {
    const rows = z.strictObject({ price: z.number() }).or(
      z.record(
        z.string(),
        z.number().refine(() => false, { error: HOSTILE }),
      ),
    );

    it.each<[string, OnInvalid]>([
      ['dropped', 'drop'],
      ['refused', 'error'],
    ])('by names of events, keys of data and messages of issues of what is %s', async (_what, onInvalid) => {
      const app = await serve(
        () => [
          { event: 'fine', data: { price: 1 } },
          { event: HOSTILE, data: { [HOSTILE]: 5 } },
        ],
        { responseSchema: rows, onInvalid },
      );
      await read(app);
      const written = app.log.filter(({ message }) => message.includes('forged'));
      expect(written).toHaveLength(1);
      expect(written[0]!.message).toContain(String.raw`x\r\n[Nest] 1 - LOG forged\u001b[31m\u202e\u2028\ud800`);
      expectHarmless(app.log);
    });

    it("by data that do not fit as the first event, which Nest's own filter writes", async () => {
      const app = await serve(() => [{ event: HOSTILE, data: { [HOSTILE]: 5 } }], { responseSchema: rows });
      const response = await fetch(`${app.url}/stream`);
      expect(response.status).toBe(500);
      expect(ofLevel(app.log, 'error').join()).toContain('forged');
      expectHarmless(app.log);
    });

    it('by the message of any error, its causes and its name', async () => {
      const app = await throwAfterOne(() =>
        Object.assign(new Error(HOSTILE, { cause: Object.assign(new Error(HOSTILE), { name: HOSTILE }) }), {
          code: HOSTILE,
        }),
      );
      await read(app);
      expect(ofLevel(app.log, 'error').join()).toContain('forged');
      expectHarmless(app.log);
    });

    it('by what is thrown and is no error', async () => {
      const app = await throwAfterOne(() => ({ reason: HOSTILE, [HOSTILE]: MILLION }));
      await read(app);
      expect(ofLevel(app.log, 'error').join()).toContain('forged');
      expect(lengthOf(app.log)).toBeLessThan(20_000);
      expectHarmless(app.log);
    });

    it('by data that JSON cannot express', async () => {
      const circle: Record<string, unknown> = {};
      circle[HOSTILE] = circle;
      const app = await serve(() => [1, circle]);
      await read(app);
      expect(ofLevel(app.log, 'error').join()).toContain('Converting circular structure to JSON');
      expectHarmless(app.log);
    });

    it('by an engine that is away', async () => {
      const app = await throwAfterOne(() => new SseUnavailableError(`${HOSTILE}${MILLION}`));
      await read(app);
      expect(ofLevel(app.log, 'warn').join()).toContain('forged');
      expect(lengthOf(app.log)).toBeLessThan(20_000);
      expectHarmless(app.log);
    });

    it('by topics, and by ids that clients send', async () => {
      @Controller('rooms/:room')
      class Rooms extends ChannelView {
        static readonly channel = 'news';

        override topic({ params }: { params: { room: string } }) {
          return params.room;
        }
      }
      const backplane = memoryBackplane();
      const app = await startChannelApp(adapter, { controllers: [Rooms], sse: { backplane } });
      const topic = 'a\u202eb';
      const { id } = await app.channel.publish('first', { topic });
      const history = { maxEvents: 10, maxBytes: 10_000, maxAge: 60_000 };
      await backplane.publish(`news/${topic}`, `data: 1\n\nid: ${HOSTILE}\n\n`, { key: undefined, history });
      await app.channel.publish('last', { topic });
      const client = app.connect(`/rooms/${encodeURIComponent(topic)}`, { lastEventId: id });
      await client.untilEvents(1);
      const [warning, ...others] = ofLevel(app.log, 'warn');
      expect(warning).toContain(String.raw`topic "news/a\u202eb", position `);
      expect(others).toEqual([]);
      expectHarmless(app.log);
    });

    it('by the id of a client that comes while the engine is away', async () => {
      @Controller('rooms')
      class Rooms {
        constructor(@InjectChannel('news') private readonly news: SseChannel) {}

        @SseRoute()
        async *events(@LastEventId() after: string | undefined) {
          yield 1;
          yield* this.news.subscribe({ after, topic: 'a\u202eb' });
        }
      }
      const backplane = new ScriptedBackplane();
      const app = await startChannelApp(adapter, { controllers: [Rooms], sse: { backplane } });
      const other = app.channel.subscribe({ topic: 'a\u202eb' })[Symbol.asyncIterator]();
      const first = other.next();
      await until(() => backplane.subscriptions.length === 1);
      backplane.subscriptions[0]!.start('p.0');
      backplane.subscriptions[0]!.status('stale');
      await first;
      await until(() => app.channel.state === 'stale');
      const client = new RawClient(app.port, '/rooms', {
        headers: { 'Last-Event-ID': `a\u009b31m\u202e${MILLION.slice(0, 10_000)}` },
      });
      await until(() => client.ended || ofLevel(app.log, 'warn').length > 0);
      expect(ofLevel(app.log, 'warn')).toEqual([
        expect.stringContaining(
          String.raw`The events of topic "news/a\u202eb" after position "a\u009b31m\u202exxx`.slice(0, -3),
        ),
      ]);
      expect(lengthOf(app.log.filter(({ level }) => level === 'warn'))).toBeLessThan(500);
      expectHarmless(app.log);
      client.leave();
      await other.return!();
    });
  });

  describe('is not flooded', () => {
    it('by a stream that fails a thousand times: one stack, and a count at the end', async () => {
      let failures = 0;
      const app = await throwAfterOne(() => new TypeError(`failure number ${++failures}`));
      expect(await read(app, 1_000)).toContain('stream-error');
      expect(failures).toBe(1_000);
      const [error, ...others] = ofLevel(app.log, 'error');
      expect(error).toMatch(
        /^StreamController\.stream: the stream ended with an error TypeError: failure number \d+\n/,
      );
      expect(others).toEqual([]);
      await app.close();
      expect(ofLevel(app.log, 'error').slice(1)).toEqual([
        expect.stringMatching(
          /^StreamController\.stream: the stream ended with an error … and 999 more in the last minute \(999 × TypeError: failure number \d+\)/,
        ),
      ]);
    }, 60_000);

    it('by one failure to the loss of another, on the same route or a different one', async () => {
      const app = await serve(function* (name) {
        yield 1;
        throw name === 'b' ? new RangeError('another') : new TypeError('the usual one');
      });
      await read(app, 100, '/stream/a');
      await read(app, 1, '/stream/b');
      await read(app, 1);
      expect(ofLevel(app.log, 'error').map((line) => /^\S+ .*/.exec(line)![0])).toEqual([
        'StreamController.named: the stream ended with an error TypeError: the usual one',
        'StreamController.named: the stream ended with an error RangeError: another',
        'StreamController.stream: the stream ended with an error TypeError: the usual one',
      ]);
    });

    it('by events that are dropped: some lines of a bounded length, and a count', async () => {
      const row = Object.fromEntries(
        Array.from({ length: 1_000 }, (_, n) => [`${MILLION.slice(0, 1_000)}${n}`, HOSTILE]),
      );
      const app = await serve(() => Array.from({ length: 500 }, () => row), {
        responseSchema: z.record(z.string(), z.number()),
        onInvalid: 'drop',
      });
      await read(app);
      expect(app.app.get(SseConnections).counts.dropped).toBe(500);
      expect(ofLevel(app.log, 'warn')).toHaveLength(5);
      await app.close();
      expect(ofLevel(app.log, 'warn')).toHaveLength(6);
      expect(ofLevel(app.log, 'warn')[5]).toMatch(
        /^StreamController\.stream: dropped an event … and 495 more in the last minute/,
      );
      expect(lengthOf(app.log)).toBeLessThan(20_000);
    }, 60_000);

    it('by messages of a million characters', async () => {
      const app = await throwAfterOne(() => new AggregateError([new Error(MILLION)], MILLION, { cause: MILLION }));
      await read(app);
      expect(ofLevel(app.log, 'error')).toHaveLength(1);
      expect(lengthOf(app.log)).toBeLessThan(25_000);
    });

    it('by an engine that is away for a hundred streams at once', async () => {
      const app = await throwAfterOne(() => new SseUnavailableError('The engine is restarted'));
      await read(app, 100);
      expect(ofLevel(app.log, 'warn')).toEqual([
        expect.stringMatching(/^StreamController\.stream: the stream ended for now.*\. The engine is restarted/),
      ]);
      expect(ofLevel(app.log, 'error')).toEqual([]);
    });

    it('by sources that fail while they are released', async () => {
      @Controller('view')
      class View extends ServerSentEventsView<number> {
        events() {
          return new Observable<number>((subscriber) => {
            subscriber.next(1);
            return () => {
              throw new Error('no way to stop');
            };
          });
        }
      }
      const app = await startApp(adapter, { controllers: [View] });
      for (let n = 0; n < 20; n++) {
        const client = new RawClient(app.port, '/view');
        await client.untilBody((body) => body.includes('data: 1'));
        client.leave();
      }
      await until(() => app.app.get(SseConnections).count === 0);
      expect(ofLevel(app.log, 'error').filter((line) => line.includes('no way to stop'))).toHaveLength(1);
    });

    it('by an entry of the history that is no event, however many clients meet it', async () => {
      @Controller('news')
      class News extends ChannelView {
        static readonly channel = 'news';
      }
      const backplane = memoryBackplane();
      const app = await startChannelApp<number>(adapter, { controllers: [News], sse: { backplane } });
      const { id } = await app.channel.publish(1);
      const history = { maxEvents: 10, maxBytes: 10_000, maxAge: 60_000 };
      await backplane.publish('news', 'nothing', { key: undefined, history });
      await app.channel.publish(2);
      for (let n = 0; n < 50; n++) {
        const client = app.connect('/news', { lastEventId: id });
        await client.untilEvents(1);
        client.leave();
      }
      for (let n = 0; n < 1_000; n++) {
        for await (const event of app.channel.subscribe({ after: id })) {
          expect(event).toMatchObject({ data: 2 });
          break;
        }
      }
      await until(() => app.channel.subscribers().next().done === true);
      await app.close();
      expect(ofLevel(app.log, 'warn')).toEqual([
        expect.stringMatching(
          /^news: skipped an entry of the history that is not a valid event: topic "news", position /,
        ),
      ]);
    }, 60_000);
  });

  describe('tells', () => {
    it('the causes of an error and the parts of an AggregateError', async () => {
      const app = await throwAfterOne(
        () =>
          new Error('outer', {
            cause: new AggregateError([new TypeError('first part'), new RangeError('second part')], 'several'),
          }),
      );
      const body = await read(app);
      expect(body).not.toMatch(/outer|part|several/);
      const [error] = ofLevel(app.log, 'error');
      expect(error).toMatch(
        /Error: outer\n( {4}at .*\n)+ {2}Caused by: AggregateError: several\n( {6}\S.*\n)+ {4}Part 1 of 2: TypeError: first part\n( {8}\S.*\n)+ {4}Part 2 of 2: RangeError: second part\n/,
      );
    });

    it.each<[string, unknown, string]>([
      ['undefined', undefined, 'Not an Error: undefined'],
      ['a text', 'no more', 'Not an Error: "no more"'],
      ['an object', { reason: 'full' }, "Not an Error: { reason: 'full' }"],
    ])('that %s was thrown', async (_what, thrown, told) => {
      const app = await throwAfterOne(() => thrown);
      expect(await read(app)).toContain('stream-error');
      expect(ofLevel(app.log, 'error')[0]).toContain(told);
    });

    it('what it can of an error that cannot be read, and the stream ends as any other', async () => {
      const app = await throwAfterOne(() => {
        const error = new Error('boom');
        for (const key of ['stack', 'message', 'cause']) {
          Object.defineProperty(error, key, {
            get: () => {
              throw new Error('not this one');
            },
          });
        }
        return error;
      });
      expect(await read(app)).toContain('stream-error');
      expect(ofLevel(app.log, 'error')[0]).toContain('its message cannot be read');
    });
  });
});
