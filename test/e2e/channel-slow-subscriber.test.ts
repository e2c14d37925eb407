import { Controller } from '@nestjs/common';
import { ChannelView, SseConnections } from 'nestjs-sse-views';
import { ADAPTERS } from '../support/app';
import { closeChannelApps, nextTurn, startChannelApp, type ChannelApp } from '../support/channel-app';
import type { ChannelClient } from '../support/channel-client';
import { until } from '../support/until';

afterEach(closeChannelApps);

interface Padded {
  readonly n: number;
  readonly pad: string;
}

@Controller('news')
class NewsView extends ChannelView<Padded> {
  static readonly channel = 'news';

  override filter({ query }: { query: { filtered?: string } }) {
    return query.filtered === undefined ? undefined : () => true;
  }
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);
const seenBy = (client: ChannelClient): number[] => client.data.map((data) => (data as Padded).n);

const KEEP_ALL = { maxEvents: 100_000, maxBytes: 200_000_000 };

describe.each(ADAPTERS)('a subscriber that does not read on %s', (adapter) => {
  const start = (overflow: object, history: object = KEEP_ALL) =>
    startChannelApp<Padded>(adapter, { controllers: [NewsView], channel: { history }, sse: { overflow } });
  const pad = 'x'.repeat(10_000);
  const overflowed = ({ app }: ChannelApp<Padded>): number => app.get(SseConnections).counts.overflowed;

  it.each(['/news', '/news?filtered=1'])(
    'is closed when more than overflow.maxBytes wait for it, delays nobody meanwhile, and comes back by its id: %s',
    async (path) => {
      const maxBytes = 200_000;
      const app = await start({ maxBytes });
      const slow = app.connect(path, { paused: true });
      const others = [path, '/news'].map((one) => app.connect(one));
      await Promise.all(others.map((client) => client.untilEvents(1)));
      await until(() => [...app.channel.subscribers()][0]![1] === 3);
      let n = 0;
      while (overflowed(app) === 0) {
        await app.channel.publish({ data: { n: ++n, pad } });
        // Each one is with the others before the next is published: they wait for nobody.
        await Promise.all(others.map((client) => client.untilEvents(n + 1)));
      }
      expect(others.map(seenBy)).toEqual([numbers(1, n), numbers(1, n)]);
      await until(() => app.app.get(SseConnections).count === 2);
      expect(app.channel.subscribers().next().value).toEqual([undefined, 2]);
      const [line] = app.log.filter(({ message }) => message.includes('overflow.maxBytes'));
      expect(line).toMatchObject({ level: 'warn' });
      // One event above the bound at the most.
      const waiting = Number(/(\d+) bytes wait/.exec(line!.message)![1]);
      expect(waiting).toBeGreaterThan(maxBytes);
      expect(waiting).toBeLessThan(maxBytes + 11_000);
      slow.resume();
      await until(() => slow.isOver);
      const again = app.connect(path, { lastEventId: slow.lastEventId });
      await again.until(() => seenBy(again).at(-1) === n);
      expect([...seenBy(slow), ...seenBy(again)]).toEqual(numbers(1, n));
      expect(again.gaps).toEqual([]);
    },
    30_000,
  );

  it('is closed when it has not read for overflow.timeout, though nothing more is published', async () => {
    const app = await start({ timeout: 300, maxBytes: 100_000_000 });
    const slow = app.connect('/news', { paused: true });
    await until(() => [...app.channel.subscribers()].length === 1);
    // Far more than the kernel takes, in one write.
    for (let n = 1; n <= 2_000; n++) {
      void app.channel.publish({ data: { n, pad } });
    }
    await until(() => overflowed(app) === 1);
    await until(() => [...app.channel.subscribers()].length === 0);
    expect(slow.isOver).toBe(false);
  });

  it.each(['/news', '/news?filtered=1'])(
    'is given the history at its own pace: one that is larger than overflow.maxBytes arrives whole: %s',
    async (path) => {
      const app = await start({ maxBytes: 50_000 });
      const { id } = await app.channel.publish({ data: { n: 0, pad } });
      for (let n = 1; n <= 1_500; n++) {
        await app.channel.publish({ data: { n, pad } });
      }
      const slow = app.connect(path, { lastEventId: id, paused: true });
      // It is given what the kernel takes, and then the reading stops.
      let before = -1;
      await until(() => {
        const { delivered } = app.channel.counts;
        const isStill = delivered > 0 && delivered === before;
        before = delivered;
        return isStill;
      });
      expect(before).toBeLessThan(1_500);
      // Reads a little, and waits, again and again.
      slow.resume();
      let pauses = 0;
      while (slow.events.length < 1_500) {
        const count = slow.events.length;
        await slow.untilEvents(Math.min(count + 50, 1_500), 10_000);
        slow.socket.pause();
        await nextTurn();
        pauses++;
        slow.socket.resume();
      }
      expect(pauses).toBeGreaterThan(3);
      await app.channel.publish({ data: { n: 1_501, pad } });
      await slow.untilEvents(1_501);
      expect(seenBy(slow)).toEqual(numbers(1, 1_501));
      expect([slow.gaps, overflowed(app)]).toEqual([[], 0]);
    },
    30_000,
  );

  it('that reads gets a burst of one turn, and a hand-over, larger than what may wait', async () => {
    const app = await start({ maxBytes: 50_000 });
    const client = app.connect('/news');
    await client.untilEvents(1);
    for (let n = 1; n <= 300; n++) {
      void app.channel.publish({ data: { n, pad } });
    }
    await client.untilEvents(301);
    // Somebody who joins slowly makes the process remember what came lately; the next one gets that in one piece.
    const joining = app.connect('/news', { lastEventId: client.events[0]!.id, paused: true });
    await until(() => [...app.channel.subscribers()][0]![1] === 2);
    await app.channel.publish({ data: { n: 301, pad } });
    for (let n = 302; n <= 370; n++) {
      await app.channel.publish({ data: { n, pad } });
      await client.untilEvents(n + 1);
    }
    const next = app.connect('/news', { lastEventId: client.events[302]!.id });
    await next.until(() => seenBy(next).at(-1) === 370 || next.isOver);
    expect(seenBy(next)).toEqual(numbers(303, 370));
    joining.leave();
  });
});

describe('200 subscribers that do not read', () => {
  it('share the bytes that wait for them', async () => {
    const app = await startChannelApp<Padded>('express', {
      controllers: [NewsView],
      channel: { history: { maxEvents: 10, maxBytes: 10_000_000 } },
      sse: { overflow: { maxBytes: 100_000_000, timeout: 60_000 } },
    });
    const clients: ChannelClient[] = [];
    for (let hundred = 0; hundred < 2; hundred++) {
      clients.push(...Array.from({ length: 100 }, () => app.connect('/news', { paused: true })));
      await until(() => [...app.channel.subscribers()][0]?.[1] === clients.length, 20_000);
    }
    const used = (): number => {
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = used();
    const sent = 16_000_000;
    const pad = 'x'.repeat(100_000);
    for (let n = 0; n < sent / pad.length; n++) {
      await app.channel.publish({ data: { n, pad } });
      await nextTurn();
    }
    const { bytes } = app.app.get(SseConnections).counts;
    const grown = used() - before;
    expect(app.app.get(SseConnections).count).toBe(200);
    // What waits is a gigabyte at least if each has its own; together it is what was published.
    expect(200 * sent - bytes).toBeGreaterThan(1_000_000_000);
    expect(grown).toBeLessThan(200_000_000);
  }, 60_000);
});
