import { Controller, Query } from '@nestjs/common';
import { ChannelView, memoryBackplane, SseRoute, type SseChannel } from 'nestjs-sse-views';
import { ADAPTERS } from '../support/app';
import { closeChannelApps, nextTurn, startChannelApp } from '../support/channel-app';
import type { ChannelClient } from '../support/channel-client';
import { until } from '../support/until';

afterEach(closeChannelApps);

@Controller('by-query')
class ByQueryView extends ChannelView {
  static readonly channel = 'news';

  @SseRoute('route')
  byQuery(@Query('lastEventId') after: string) {
    return this.channel.subscribe({ after });
  }
}

@Controller('news')
class NewsView extends ChannelView {
  static readonly channel = 'news';

  override topic({ query }: { query: { topic?: string } }) {
    return query.topic;
  }
}

/** Publishes numbers, one after the other. @returns their ids. */
async function publishNumbers(channel: SseChannel, from: number, to: number, topic?: string): Promise<string[]> {
  const ids: string[] = [];
  for (let n = from; n <= to; n++) {
    ids.push((await channel.publish({ data: n }, topic === undefined ? {} : { topic })).id);
  }
  return ids;
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe.each(ADAPTERS)('resuming a channel on %s', (adapter) => {
  describe('without a gap', () => {
    it('begins with the position as an event, from which a client that received nothing else gets everything', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView] });
      await app.channel.publish('before');
      const client = app.connect('/news');
      await client.untilEvents(1);
      const { id } = client.events[0]!;
      expect(client.frames).toEqual([`event: start\nid: ${id}\ndata: {"position":"${id}"}\n\n`]);
      client.leave();
      await publishNumbers(app.channel, 1, 3);
      const again = app.connect('/news', { lastEventId: id });
      await again.untilEvents(3);
      expect([again.names, again.data]).toEqual([
        [undefined, undefined, undefined],
        [1, 2, 3],
      ]);
    });

    it('gives exactly what was missed, in the bytes that the others got', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView] });
      const stayed = app.connect('/news');
      const left = app.connect('/news');
      await Promise.all([stayed.untilEvents(1), left.untilEvents(1)]);
      await publishNumbers(app.channel, 1, 3);
      await left.untilEvents(4);
      left.leave();
      await publishNumbers(app.channel, 4, 9);
      const again = app.connect('/news', { lastEventId: left.lastEventId });
      await again.untilEvents(6);
      await app.channel.publish({ data: 10 });
      await Promise.all([again.untilEvents(7), stayed.untilEvents(11)]);
      expect(again.frames).toEqual(stayed.frames.slice(4));
      expect(again.data).toEqual(numbers(4, 10));
    });

    it('gives nothing at the tip, not even the position, until something is published', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView], sse: { heartbeat: 50 } });
      const ids = await publishNumbers(app.channel, 1, 3);
      const client = app.connect('/news', { lastEventId: ids.at(-1) });
      await client.until(() => client.frames.length > 1);
      expect([client.status, new Set(client.frames)]).toEqual([200, new Set([':\n\n'])]);
      const { id } = await app.channel.publish({ data: 4 });
      await client.untilEvents(1);
      expect(client.events).toEqual([{ event: undefined, id, data: 4 }]);
    });

    it('gives nothing at the newest event of a topic that was let go meanwhile', async () => {
      const backplane = memoryBackplane();
      const app = await startChannelApp(adapter, {
        controllers: [NewsView],
        channel: { history: { maxAge: 50 } },
        sse: { backplane, heartbeat: 50 },
      });
      const ids = await publishNumbers(app.channel, 1, 3);
      await until(() => backplane.topicCount === 0);
      const client = app.connect('/news', { lastEventId: ids.at(-1) });
      await client.until(() => client.frames.length > 1);
      await app.channel.publish({ data: 4 });
      await client.untilEvents(1);
      expect([client.names, client.data]).toEqual([[undefined], [4]]);
    });

    it('gives the rest after an event that was trimmed just now', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView], channel: { history: { maxEvents: 5 } } });
      const ids = await publishNumbers(app.channel, 1, 10);
      const client = app.connect('/news', { lastEventId: ids[4] });
      await client.untilEvents(5);
      expect([client.gaps, client.data]).toEqual([[], numbers(6, 10)]);
    });
  });

  describe('hands over to what is published meanwhile, without a hole or a double,', () => {
    const PUBLISHERS: Record<string, (publish: () => void, turn: number) => Promise<void>> = {
      'several in one turn': async (publish) => {
        for (let n = 0; n < 5; n++) {
          publish();
        }
        await nextTurn();
      },
      'in microtasks': async (publish) => {
        for (let n = 0; n < 7; n++) {
          publish();
          await Promise.resolve();
          await Promise.resolve();
        }
        await nextTurn();
      },
      'one in each turn': async (publish) => {
        publish();
        await nextTurn();
      },
      'in ticks and turns': async (publish, turn) => {
        await new Promise<void>((resolve) => process.nextTick(resolve));
        publish();
        if (turn % 3 === 0) {
          await nextTurn();
          publish();
        }
        await new Promise((resolve) => setTimeout(resolve, turn % 2));
      },
    };

    it.each(Object.keys(PUBLISHERS))(
      '%s',
      async (mode) => {
        const app = await startChannelApp(adapter, {
          controllers: [NewsView],
          channel: { history: { maxEvents: 100_000, maxBytes: 10_000_000 } },
        });
        const ids = await publishNumbers(app.channel, 1, 300);
        const clients: [after: number, client: ChannelClient][] = [];
        let last = 300;
        for (let turn = 0; turn < 200; turn++) {
          if (turn % 5 === 0) {
            // From far back, from the middle, and from the very tip.
            const after = [1, 150, last, last - 1][(turn / 5) % 4]!;
            clients.push([after, app.connect('/news', { lastEventId: ids[after - 1] })]);
          }
          await PUBLISHERS[mode]!(() => {
            const n = ++last;
            void app.channel.publish({ data: n }).then(({ id }) => {
              ids[n - 1] = id;
            });
          }, turn);
        }
        await Promise.all(clients.map(([after, client]) => client.untilEvents(last - after, 30_000)));
        for (const [after, client] of clients) {
          expect(client.data).toEqual(numbers(after + 1, last));
          expect(client.events.map(({ id }) => id)).toEqual(ids.slice(after));
          expect(client.gaps).toEqual([]);
        }
      },
      60_000,
    );

    it('while the socket of the client is blocked', async () => {
      const app = await startChannelApp(adapter, {
        controllers: [NewsView],
        channel: { history: { maxEvents: 100_000, maxBytes: 100_000_000 } },
      });
      const pad = 'x'.repeat(10_000);
      const publish = (n: number) => app.channel.publish({ data: { n, pad } });
      const { id } = await publish(0);
      for (let n = 1; n <= 1_500; n++) {
        await publish(n);
      }
      const client = app.connect('/news', { lastEventId: id, paused: true });
      const other = app.connect('/news');
      await other.untilEvents(1);
      for (let n = 1_501; n <= 1_700; n++) {
        await publish(n);
        await nextTurn();
      }
      await other.untilEvents(201);
      client.resume();
      for (let n = 1_701; n <= 1_800; n++) {
        await publish(n);
        await nextTurn();
      }
      await client.untilEvents(1_800, 40_000);
      await publish(1_801);
      await client.untilEvents(1_801);
      expect(client.data.map((data) => (data as { n: number }).n)).toEqual(numbers(1, 1_801));
    }, 60_000);
  });

  describe('with a gap', () => {
    it('tells what was trimmed before what is left, in exact form, and not twice', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView], channel: { history: { maxEvents: 5 } } });
      const ids = await publishNumbers(app.channel, 1, 10);
      const client = app.connect('/news', { lastEventId: ids[0] });
      await client.untilEvents(6);
      expect(client.frames[0]).toBe(
        `event: gap\nid: ${ids[4]}\ndata: {"reason":"trimmed","from":"${ids[0]}","position":"${ids[4]}"}\n\n`,
      );
      expect(client.data).toEqual(numbers(6, 10));
      client.leave();
      // A client that had only the gap itself, and one that had more.
      const atGap = app.connect('/news', { lastEventId: ids[4] });
      const behind = app.connect('/news', { lastEventId: ids[6] });
      await Promise.all([atGap.untilEvents(5), behind.untilEvents(3)]);
      await publishNumbers(app.channel, 11, 11);
      await Promise.all([atGap.untilEvents(6), behind.untilEvents(4)]);
      expect([atGap.gaps, atGap.data]).toEqual([[], numbers(6, 11)]);
      expect([behind.gaps, behind.data]).toEqual([[], numbers(8, 11)]);
    });

    it('an id of an earlier process is told of, and everything that is retained follows', async () => {
      const before = await startChannelApp(adapter, { controllers: [NewsView] });
      const [id] = await publishNumbers(before.channel, 1, 1);
      await before.close();
      const app = await startChannelApp(adapter, { controllers: [NewsView] });
      const empty = app.connect('/news', { lastEventId: id });
      await empty.untilEvents(1);
      expect(empty.gaps).toEqual([{ reason: 'reset', from: id, position: empty.events[0]!.id }]);
      expect(empty.events[0]!.id).not.toBe(id);
      await publishNumbers(app.channel, 11, 13);
      await empty.untilEvents(4);
      const client = app.connect('/news', { lastEventId: id });
      await client.untilEvents(4);
      const [gap] = client.events;
      expect(gap).toEqual({
        event: 'gap',
        id: expect.stringMatching(/^[\w.~-]{1,96}$/),
        data: { reason: 'reset', from: id, position: gap!.id },
      });
      expect([client.data, empty.data]).toEqual([
        [11, 12, 13],
        [11, 12, 13],
      ]);
      const again = app.connect('/news', { lastEventId: empty.events[0]!.id });
      await again.untilEvents(3);
      expect([again.gaps, again.data]).toEqual([[], [11, 12, 13]]);
    });

    it('an id of another topic is told of, and never stands for an event', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView] });
      const [other] = await publishNumbers(app.channel, 1, 3, 'other');
      await publishNumbers(app.channel, 11, 13, 'this');
      const client = app.connect('/news?topic=this', { lastEventId: other });
      await client.untilEvents(1);
      expect(client.gaps).toEqual([{ reason: 'invalid', from: other, position: client.events[0]!.id }]);
      await publishNumbers(app.channel, 14, 14, 'this');
      await client.untilEvents(2);
      expect(client.data).toEqual([14]);
      const again = app.connect('/news?topic=this', { lastEventId: client.events[0]!.id });
      await again.untilEvents(1);
      expect([again.gaps, again.data]).toEqual([[], [14]]);
    });

    const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
    it.each<[string, (id: string) => string]>([
      ['of 15,000 characters', () => 'a'.repeat(15_000)],
      ['of 97 characters', (id) => id.padEnd(97, '0')],
      ['with tabs', () => 'a\tb'],
      ['with bytes that are no UTF-8', () => 'a\xff\xfe\x80'],
      ['in UTF-8', () => utf8('ümläut 😀')],
      ['with a line separator', () => utf8('a\u2028b\u0085c')],
      ['with markup', () => '<script>alert(1)</script>'],
      ['with JSON', () => '{"reason":"none"}","x":"'],
      ['__proto__', () => '__proto__'],
      ['constructor', () => 'constructor'],
      ['the number alone', () => '1'],
      ['of the future', (id) => id.replace(/\d+$/, '999999')],
      ['beyond what a number holds', (id) => id.replace(/\d+$/, '9'.repeat(20))],
      ['with a negative number', (id) => id.replace(/\d+$/, '-1')],
      ['with zeros before', (id) => id.replace(/(\d+)$/, '00$1')],
      ['with a fraction', (id) => `${id}.5`],
      ['with an exponent', (id) => id.replace(/\d+$/, '1e0')],
      ['with something before', (id) => `x${id}`],
      ['of the name of a field', () => 'id: 5'],
    ])('an id %s is invalid: the client goes on from the tip, and its text is not repeated', async (_name, make) => {
      const app = await startChannelApp(adapter, { controllers: [NewsView] });
      const ids = await publishNumbers(app.channel, 1, 3);
      const lastEventId = make(ids[0]!);
      const client = app.connect('/news', { lastEventId });
      await client.untilEvents(1);
      const position = ids[2];
      const from = /^[\w.~-]{1,96}$/.test(lastEventId) ? { from: lastEventId } : {};
      expect([client.status, client.events]).toEqual([
        200,
        [{ event: 'gap', id: position, data: { reason: 'invalid', ...from, position } }],
      ]);
      expect(Object.keys(client.gaps[0] as object)).toEqual(['reason', ...Object.keys(from), 'position']);
      await publishNumbers(app.channel, 4, 4);
      await client.untilEvents(2);
      expect(client.data).toEqual([4]);
      expect(app.channel.counts.gaps).toBe(1);
      client.leave();
      await until(() => [...app.channel.subscribers()].length === 0);
      expect(app.log.filter(({ level }) => level === 'error')).toEqual([]);
    });

    it('an id that is too long for HTTP, or has control characters, does not get as far as the channel', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView] });
      for (const [lastEventId, status] of [
        ['a'.repeat(20_000), 431],
        ['a\x00b', 400],
        ['a\x1bb', 400],
      ] as const) {
        const client = app.connect('/news', { lastEventId });
        await client.until(() => client.head !== '');
        expect(client.status).toBe(status);
      }
      expect(app.channel.counts.gaps).toBe(0);
    });

    it.each(['a%00b', 'a%0A', 'a%0D%0Aevent: x', '%1b[31m', '%E2%80%A8', 'a'.repeat(10_000)])(
      'an id from the query that is %s is invalid, for a query can carry what a header cannot',
      async (query) => {
        const app = await startChannelApp(adapter, { controllers: [ByQueryView] });
        const [, tip] = await publishNumbers(app.channel, 1, 2);
        const client = app.connect(`/by-query/route?lastEventId=${query.replaceAll(' ', '%20')}`);
        await client.untilEvents(1);
        expect(client.events[0]).toMatchObject({ event: 'gap', id: tip, data: { reason: 'invalid', position: tip } });
        expect(client.body).not.toContain('event: x');
        expect(client.events).toHaveLength(1);
        client.leave();
      },
    );

    it('the id of the end of a stream is answered 204, as everywhere', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView] });
      const response = await fetch(`${app.url}/news`, { headers: { 'Last-Event-ID': '~end' } });
      expect([response.status, await response.text()]).toEqual([204, '']);
      expect([...app.channel.subscribers()]).toEqual([]);
    });
  });

  describe('within the bounds of the history', () => {
    it('by bytes', async () => {
      const app = await startChannelApp(adapter, {
        controllers: [NewsView],
        channel: { history: { maxBytes: 3_500 } },
      });
      const ids: string[] = [];
      for (let n = 1; n <= 10; n++) {
        ids.push((await app.channel.publish({ data: n, comment: 'x'.repeat(980) })).id);
      }
      const client = app.connect('/news', { lastEventId: ids[0] });
      await client.untilEvents(4);
      expect(client.gaps).toMatchObject([{ reason: 'trimmed', from: ids[0], position: ids[6] }]);
      expect(client.data).toEqual([8, 9, 10]);
    });

    it('an event larger than all of it is delivered, and not kept', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView], channel: { history: { maxBytes: 100 } } });
      const live = app.connect('/news');
      await live.untilEvents(1);
      const [first] = await publishNumbers(app.channel, 1, 1);
      await app.channel.publish({ data: 2, comment: 'x'.repeat(200) });
      await publishNumbers(app.channel, 3, 3);
      await live.untilEvents(4);
      expect(live.data).toEqual([1, 2, 3]);
      const client = app.connect('/news', { lastEventId: first });
      await client.untilEvents(2);
      expect([client.names, client.data]).toEqual([['gap', undefined], [3]]);
    });

    it('by age', async () => {
      const backplane = memoryBackplane();
      const app = await startChannelApp(adapter, {
        controllers: [NewsView],
        channel: { history: { maxAge: 100 } },
        sse: { backplane },
      });
      const ids = await publishNumbers(app.channel, 1, 3);
      await until(() => backplane.retainedBytes === 0);
      const client = app.connect('/news', { lastEventId: ids[0] });
      await client.untilEvents(1);
      expect(client.gaps).toEqual([{ reason: 'trimmed', from: ids[0], position: ids[2] }]);
      await publishNumbers(app.channel, 4, 4);
      await client.untilEvents(2);
      expect(client.data).toEqual([4]);
    });

    it('with no history at all, what is live arrives and what was missed is told', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView], channel: { history: { maxEvents: 0 } } });
      const live = app.connect('/news');
      await live.untilEvents(1);
      const ids = await publishNumbers(app.channel, 1, 3);
      await live.untilEvents(4);
      expect(live.data).toEqual([1, 2, 3]);
      const atTip = app.connect('/news', { lastEventId: ids[2] });
      const behind = app.connect('/news', { lastEventId: ids[1] });
      await behind.untilEvents(1);
      expect(behind.gaps).toEqual([{ reason: 'trimmed', from: ids[1], position: ids[2] }]);
      await until(() => [...app.channel.subscribers()][0]![1] === 3);
      await publishNumbers(app.channel, 4, 6);
      await Promise.all([atTip.untilEvents(3), behind.untilEvents(4)]);
      expect([atTip.names, atTip.data]).toEqual([
        [undefined, undefined, undefined],
        [4, 5, 6],
      ]);
      expect(behind.data).toEqual([4, 5, 6]);
    });
  });
});
