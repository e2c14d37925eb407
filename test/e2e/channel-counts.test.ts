import { Controller } from '@nestjs/common';
import { ChannelView, memoryBackplane, SseConnections, SseRoute } from 'nestjs-sse-views';
import { z } from 'zod';
import { ADAPTERS } from '../support/app';
import { closeChannelApps, nextTurn, startChannelApp } from '../support/channel-app';
import { END_FRAME } from '../support/end-frame';
import { until } from '../support/until';

afterEach(closeChannelApps);

@Controller('news')
class NewsView extends ChannelView<number> {
  static readonly channel = 'news';

  override topic({ query }: { query: { topic?: string } }) {
    return query.topic;
  }

  override filter({ query }: { query: { even?: string } }) {
    return query.even === undefined ? undefined : ({ data }: { data: number }) => data % 2 === 0;
  }

  @SseRoute('invalid', { responseSchema: z.number(), onInvalid: 'drop', eventId: () => undefined })
  *invalid() {
    yield 1;
    yield 'two' as never;
    yield 3;
  }
}

const NOTHING = { published: 0, duplicates: 0, delivered: 0, bytes: 0, dropped: 0, gaps: 0 };

describe.each(ADAPTERS)('the counts on %s', (adapter) => {
  it('of a channel and of the connections are exact, to the byte', async () => {
    const backplane = memoryBackplane();
    const app = await startChannelApp<number>(adapter, {
      controllers: [NewsView],
      sse: { backplane, heartbeat: false },
      channel: { schema: z.number(), history: { maxEvents: 4 } },
    });
    const { channel } = app;
    const connections = app.app.get(SseConnections);
    expect([channel.counts, connections.counts]).toEqual([
      NOTHING,
      { opened: 0, delivered: 0, bytes: 0, dropped: 0, overflowed: 0 },
    ]);

    const all = app.connect('/news');
    const even = app.connect('/news?even=1');
    const other = app.connect('/news?topic=other');
    await Promise.all([all, even, other].map((client) => client.untilEvents(1)));
    // Of another program, and no event: nobody gets it.
    await backplane.publish('news', 'this is no event\n\n');
    // Each in a turn of its own, then all in one.
    const ids: string[] = [];
    for (let n = 1; n <= 5; n++) {
      ids.push((await channel.publish(n)).id);
      await nextTurn();
    }
    for (let n = 6; n <= 10; n++) {
      void channel.publish(n).then(({ id }) => ids.push(id));
    }
    await channel.publish({ event: 'ümläut', data: 11 }, { key: 'k' });
    await channel.publish(11, { key: 'k' });
    await channel.publish(12, { key: 'k', topic: 'other' });
    await expect(channel.publish('none' as never)).rejects.toThrow('do not fit');
    await all.untilEvents(12);
    await even.untilEvents(6);
    await other.untilEvents(2);
    // One goes on from what is retained, one has a gap.
    const resumed = app.connect('/news', { lastEventId: ids[8] });
    const gapped = app.connect('/news', { lastEventId: ids[0] });
    const unknown = app.connect('/news', { lastEventId: 'unknown' });
    await resumed.untilEvents(2);
    await gapped.untilEvents(5);
    await unknown.untilEvents(1);
    expect([resumed.data, gapped.data, unknown.data]).toEqual([[10, 11], [8, 9, 10, 11], []]);
    const clients = [all, even, other, resumed, gapped, unknown];

    const events = clients.flatMap((client) => client.frames.filter((frame) => !/^event: (start|gap)$/m.test(frame)));
    await until(() => channel.counts.delivered === events.length);
    expect(channel.counts).toEqual({
      published: 12,
      duplicates: 1,
      delivered: 11 + 5 + 1 + 2 + 4,
      bytes: Buffer.byteLength(events.join('')),
      dropped: 1,
      gaps: 2,
    });
    expect(connections.counts).toEqual({
      opened: 6,
      delivered: clients.reduce((sum, client) => sum + client.events.length, 0),
      bytes: clients.reduce((sum, client) => sum + client.bytes, 0),
      dropped: 0,
      overflowed: 0,
    });
    expect([connections.count, new Map(channel.subscribers())]).toEqual([
      6,
      new Map([
        [undefined, 5],
        ['other', 1],
      ]),
    ]);

    // What was counted is not changed by what follows.
    const { counts } = channel;
    await channel.publish(13);
    expect([counts.published, channel.counts.published]).toEqual([12, 13]);
    await all.untilEvents(13);

    const before = connections.counts;
    const invalid = app.connect('/news/invalid');
    await invalid.until(() => invalid.isComplete);
    expect(connections.counts).toMatchObject({
      opened: before.opened + 1,
      delivered: before.delivered + 2,
      dropped: 1,
      bytes: before.bytes + invalid.bytes,
    });
    // Those who left keep their place in the totals.
    for (const client of clients) {
      client.leave();
    }
    await until(() => connections.count === 0);
    expect(connections.counts.opened).toBe(7);
    expect([...channel.subscribers()]).toEqual([]);
  });

  it('count heartbeats, retry and the end among the bytes, and not among the events', async () => {
    @Controller('beating')
    class BeatingView extends ChannelView<number> {
      static readonly channel = 'news';
      override readonly retry = 5_000;
    }
    const app = await startChannelApp<number>(adapter, { controllers: [BeatingView], sse: { heartbeat: 50 } });
    const connections = app.app.get(SseConnections);
    const client = app.connect('/beating');
    await client.until(() => client.frames.filter((frame) => frame === ':\n\n').length >= 2);
    connections.close(() => true, 'stop');
    await client.until(() => client.isComplete);
    expect(client.frames.at(-1)).toBe(END_FRAME);
    expect(connections.counts).toMatchObject({ opened: 1, delivered: 1, bytes: client.bytes });
    expect(app.channel.counts).toEqual(NOTHING);
  });
});
