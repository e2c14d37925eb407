import { Controller } from '@nestjs/common';
import { ChannelView, SseChannels, type SsePublishedEvent } from 'nestjs-sse-views';
import { ADAPTERS } from '../support/app';
import { closeChannelApps, nextTurn, startChannelApp } from '../support/channel-app';
import { until } from '../support/until';

afterEach(closeChannelApps);

interface Trade {
  readonly symbol: string;
  readonly n: number;
}
type Filter = (event: SsePublishedEvent<string | undefined, Trade>) => boolean;

/** The view takes a filter from this list: `?filter=0` is the first. */
let filters: Filter[] = [];

@Controller('trades')
class TradesView extends ChannelView<Trade> {
  static readonly channel = 'trades';

  override filter({ query }: { query: { filter?: string } }) {
    return filters[Number(query.filter)] as never;
  }
}

const only =
  (wanted: string): Filter =>
  ({ data }) =>
    data.symbol === wanted;

describe.each(ADAPTERS)('a filtered subscriber on %s', (adapter) => {
  const start = (history?: object, sse?: object) =>
    startChannelApp<Trade>(adapter, {
      controllers: [TradesView],
      channel: { name: 'trades', ...(history && { history }) },
      ...(sse && { sse }),
    });

  it('gets the events that pass, in the bytes that the others get', async () => {
    filters = [only('A'), only('B')];
    const app = await start();
    const clients = ['', '?filter=0', '?filter=1'].map((query) => app.connect(`/trades${query}`));
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    for (let n = 0; n < 6; n++) {
      await app.channel.publish({ event: 'trade', data: { symbol: n % 3 === 0 ? 'B' : 'A', n } });
    }
    await clients[0]!.untilEvents(7);
    await clients[1]!.untilEvents(5);
    await clients[2]!.untilEvents(3);
    const frames = clients[0]!.frames.slice(1);
    expect(clients[1]!.frames.slice(1)).toEqual(frames.filter((_, n) => n % 3 !== 0));
    expect(clients[2]!.frames.slice(1)).toEqual(frames.filter((_, n) => n % 3 === 0));
  });

  it('gets what passed of the history, too', async () => {
    filters = [only('A')];
    const app = await start();
    const { id } = await app.channel.publish({ data: { symbol: 'A', n: 0 } });
    for (let n = 1; n <= 10; n++) {
      await app.channel.publish({ data: { symbol: n % 2 ? 'A' : 'B', n } });
    }
    const client = app.connect('/trades?filter=0', { lastEventId: id });
    await client.untilEvents(5);
    await app.channel.publish({ data: { symbol: 'A', n: 11 } });
    await client.untilEvents(6);
    expect(client.data).toEqual([1, 3, 5, 7, 9, 11].map((n) => ({ symbol: 'A', n })));
  });

  it('shares each event with all others: it is read back once, and its data are frozen to the bottom', async () => {
    const seen: SsePublishedEvent[] = [];
    const errors: unknown[] = [];
    filters = [
      (event) => {
        seen.push(event);
        for (const change of [
          () => ((event.data as { n: number }).n = 5),
          () => (event.data as unknown as { deep: number[][] }).deep[0]!.push(1),
          () => ((event as { data: unknown }).data = 5),
        ]) {
          try {
            change();
          } catch (error) {
            errors.push(error);
          }
        }
        return true;
      },
    ];
    const app = await start();
    const clients = Array.from({ length: 20 }, () => app.connect('/trades?filter=0'));
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    const data = { symbol: 'A', n: 1, deep: [[0]] };
    const { id } = await app.channel.publish({ event: 'trade', data });
    await Promise.all(clients.map((client) => client.untilEvents(2)));
    expect(clients.map((client) => client.data)).toEqual(clients.map(() => [data]));
    expect(seen).toHaveLength(20);
    expect(new Set(seen).size).toBe(1);
    expect({ ...seen[0], kind: seen[0]!.kind }).toEqual({ kind: 'event', event: 'trade', id, data });
    expect(errors).toHaveLength(60);
    expect(errors.every((error) => error instanceof TypeError)).toBe(true);
  });

  it('is not read back at all where nobody filters', async () => {
    const app = await start();
    const client = app.connect('/trades');
    await client.untilEvents(1);
    const marker = 'only once in the server';
    const parse = jest.spyOn(JSON, 'parse');
    try {
      await app.channel.publish({ data: { symbol: marker, n: 1 } });
      await client.untilEvents(2);
      // The client of this test reads it.
      expect(parse.mock.calls.filter(([text]) => String(text).includes(marker))).toHaveLength(1);
    } finally {
      parse.mockRestore();
    }
  });

  it('that throws ends that stream alone, with an error event, and leaves nothing behind', async () => {
    filters = [
      ({ data }) => {
        if (data.n === 2) {
          throw new Error('secret of the filter');
        }
        return true;
      },
    ];
    const app = await start();
    const other = app.connect('/trades');
    const client = app.connect('/trades?filter=0');
    await Promise.all([other, client].map((one) => one.untilEvents(1)));
    const ids = [];
    for (let n = 1; n <= 3; n++) {
      ids.push((await app.channel.publish({ data: { symbol: 'A', n } })).id);
      await nextTurn();
    }
    await other.untilEvents(4);
    await client.until(() => client.isComplete);
    expect(client.names).toEqual(['start', undefined, 'stream-error']);
    expect(client.events[2]).toMatchObject({ data: { status: 500 } });
    expect(client.body).not.toContain('secret');
    expect(app.log.filter(({ message }) => message.includes('secret of the filter'))).toHaveLength(1);
    // In the history before anything was sent, it is an error of the request.
    const again = app.connect('/trades?filter=0', { lastEventId: ids[0] });
    await again.until(() => again.head !== '');
    expect(again.status).toBe(500);
    await until(() => [...app.channel.subscribers()][0]![1] === 1);
    expect([...app.channel.subscribers()]).toEqual([[undefined, 1]]);
    expect(app.app.get(SseChannels).wheel.size).toBe(0);
    await app.channel.publish({ data: { symbol: 'A', n: 4 } });
    await other.untilEvents(5);
    expect(other.data).toHaveLength(4);
  });

  describe('keeps its place', () => {
    it('after many events that were left out, and comes back to it without a gap and without a second look', async () => {
      let calls = 0;
      filters = [
        ({ data }) => {
          calls++;
          return data.symbol === 'A';
        },
      ];
      const app = await start({ maxEvents: 10 });
      const client = app.connect('/trades?filter=0');
      await client.untilEvents(1);
      let last = '';
      for (let n = 0; n < 100; n++) {
        last = (await app.channel.publish({ data: { symbol: 'B', n } })).id;
        await nextTurn();
      }
      await client.until(() => client.lastEventId === last);
      expect(new Set(client.names)).toEqual(new Set(['start']));
      // Each is the whole frame, as the first was.
      expect(client.frames.at(-1)).toBe(`event: start\nid: ${last}\ndata: {"position":"${last}"}\n\n`);
      // Not one for each event.
      expect(client.events.length).toBeLessThanOrEqual(22);
      client.leave();
      await until(() => [...app.channel.subscribers()].length === 0);
      calls = 0;
      const again = app.connect('/trades?filter=0', { lastEventId: client.lastEventId });
      await until(() => [...app.channel.subscribers()].length === 1);
      await app.channel.publish({ data: { symbol: 'A', n: 100 } });
      await again.untilEvents(1);
      expect([again.names, again.data]).toEqual([[undefined], [{ symbol: 'A', n: 100 }]]);
      expect(calls).toBe(1);
    });

    it('after 64 events with the usual history', async () => {
      filters = [only('A')];
      const app = await start();
      const client = app.connect('/trades?filter=0');
      await client.untilEvents(1);
      const ids = [];
      for (let n = 0; n < 63; n++) {
        ids.push((await app.channel.publish({ data: { symbol: 'B', n } })).id);
        await nextTurn();
      }
      const other = app.connect('/trades');
      await other.untilEvents(1);
      expect(client.events).toHaveLength(1);
      const { id } = await app.channel.publish({ data: { symbol: 'B', n: 63 } });
      await client.untilEvents(2);
      expect(client.events[1]).toEqual({ event: 'start', id, data: { position: id } });
    });

    it('after some time, though few were left out, before the history has lost them', async () => {
      filters = [only('A')];
      const app = await start({ maxAge: 400 });
      const client = app.connect('/trades?filter=0');
      await client.untilEvents(1);
      const { id } = await app.channel.publish({ data: { symbol: 'B', n: 0 } });
      await client.untilEvents(2, 2_000);
      expect(client.events[1]).toEqual({ event: 'start', id, data: { position: id } });
      // And is quiet when nothing is left out.
      expect(app.app.get(SseChannels).wheel.size).toBe(0);
    });

    it('and leaves no timer behind when it goes before it was told', async () => {
      filters = [only('A')];
      const app = await start();
      const client = app.connect('/trades?filter=0');
      await client.untilEvents(1);
      await app.channel.publish({ data: { symbol: 'B', n: 0 } });
      const { wheel } = app.app.get(SseChannels);
      await until(() => wheel.size === 1);
      client.leave();
      await until(() => [...app.channel.subscribers()].length === 0);
      expect(wheel.size).toBe(0);
    });

    it('where the history is bounded by bytes', async () => {
      filters = [only('A')];
      const app = await start({ maxBytes: 3_000 });
      const client = app.connect('/trades?filter=0');
      await client.untilEvents(1);
      for (let n = 0; n < 10; n++) {
        await app.channel.publish({ data: { symbol: 'B', n }, comment: 'x'.repeat(1_000) });
        await nextTurn();
      }
      await client.until(() => client.events.length > 3);
      const again = app.connect('/trades?filter=0', { lastEventId: client.lastEventId });
      await app.channel.publish({ data: { symbol: 'A', n: 10 } });
      await again.until(() => again.data.length === 1);
      expect(again.gaps).toEqual([]);
    });

    it('while it reads a long history of which nothing passes', async () => {
      filters = [only('A')];
      const app = await start();
      const ids: string[] = [];
      for (let n = 0; n < 500; n++) {
        ids.push((await app.channel.publish({ data: { symbol: 'B', n } })).id);
      }
      const client = app.connect('/trades?filter=0', { lastEventId: ids[0] });
      await client.until(() => ids.indexOf(client.lastEventId!) > 430);
      expect(new Set(client.names)).toEqual(new Set(['start']));
    });

    it('by the events that pass, which need no position beside them', async () => {
      filters = [only('A')];
      const app = await start({ maxAge: 400 });
      const client = app.connect('/trades?filter=0');
      await client.untilEvents(1);
      for (let n = 0; n < 200; n++) {
        await app.channel.publish({ data: { symbol: n % 50 === 49 ? 'A' : 'B', n } });
        await nextTurn();
      }
      await client.until(() => client.data.length === 4);
      expect(client.names.slice(0, 5)).toEqual(['start', undefined, undefined, undefined, undefined]);
    });
  });

  it('that reads gets a burst of one turn that is larger than what may wait for it', async () => {
    filters = [({ data }) => data.n % 2 === 0];
    const app = await start({ maxEvents: 10_000, maxBytes: 100_000_000 });
    const client = app.connect('/trades?filter=0');
    await client.untilEvents(1);
    const symbol = 'x'.repeat(1_000);
    for (let n = 0; n < 6_000; n++) {
      void app.channel.publish({ data: { symbol, n } });
    }
    await client.until(() => client.data.length === 3_000 || client.isOver, 10_000);
    expect(client.data.map((data) => (data as Trade).n)).toEqual(Array.from({ length: 3_000 }, (_, n) => n * 2));
  }, 20_000);
});
