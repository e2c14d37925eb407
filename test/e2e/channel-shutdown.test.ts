import { Controller, Injectable } from '@nestjs/common';
import { ChannelView, InjectChannel, SseConnections, SseRoute, SseSignal, type SseChannel } from 'nestjs-sse-views';
import { ADAPTERS } from '../support/app';
import { closeChannelApps, startChannelApp } from '../support/channel-app';
import { until } from '../support/until';

afterEach(closeChannelApps);

@Controller('news')
class NewsView extends ChannelView {
  static readonly channel = 'news';

  @SseRoute('loop')
  async *loop(@SseSignal() signal: AbortSignal) {
    yield* this.channel.subscribe({ signal });
  }
}

describe.each(ADAPTERS)('app.close() with open channels on %s', (adapter) => {
  it('ends each stream with a time to come back, no error, and returns long before the grace', async () => {
    const app = await startChannelApp(adapter, {
      controllers: [NewsView],
      sse: { shutdown: { grace: 60_000, retry: 2_000 } },
    });
    const clients = ['/news', '/news/loop', '/news'].map((path) => app.connect(path));
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    await app.channel.publish(1);
    await Promise.all(clients.map((client) => client.untilEvents(2)));
    await app.close();
    await until(() => clients.every(({ isOver }) => isOver));
    for (const client of clients) {
      expect([client.isComplete, client.names]).toEqual([true, ['start', undefined]]);
      expect(client.frames.at(-1)).toMatch(/^retry: \d{4}\n\n$/);
      // It comes back with its position.
      expect(client.lastEventId).toBe(client.events[1]!.id);
    }
    expect([...app.channel.subscribers()]).toEqual([]);
    expect(app.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('lets services publish until they are gone; after it, publishing rejects and nothing is written', async () => {
    const published: string[] = [];
    @Injectable()
    class Newsroom {
      constructor(@InjectChannel('news') private readonly news: SseChannel<string>) {}

      onModuleDestroy = () => this.publish('onModuleDestroy');
      beforeApplicationShutdown = () => this.publish('beforeApplicationShutdown');

      private async publish(hook: string): Promise<void> {
        published.push(`${hook} ${(await this.news.publish(hook)).id}`);
      }
    }
    const app = await startChannelApp<string>(adapter, { controllers: [NewsView], providers: [Newsroom] });
    const client = app.connect('/news');
    await client.untilEvents(1);
    await app.close();
    expect(published).toEqual([
      expect.stringMatching(/^onModuleDestroy \S+$/),
      expect.stringMatching(/^beforeApplicationShutdown \S+$/),
    ]);
    expect(app.channel.counts.published).toBe(2);
    await expect(app.channel.publish('too late')).rejects.toMatchObject({ code: 'SSE_CLOSED' });
    await expect(app.channel.publish('too late', { topic: 'any', key: 'k' })).rejects.toMatchObject({
      code: 'SSE_CLOSED',
      message: expect.stringContaining('Nothing was written'),
    });
    expect(app.channel.counts.published).toBe(2);
    // A loop that begins now is at its end.
    const events = [];
    for await (const event of app.channel.subscribe({ from: 'oldest' })) {
      events.push(event);
    }
    expect([events, [...app.channel.subscribers()]]).toEqual([[], []]);
  });

  it('destroys what does not read after the grace, and leaves no subscriber', async () => {
    const app = await startChannelApp(adapter, {
      controllers: [NewsView],
      sse: { shutdown: { grace: 100 }, overflow: { maxBytes: 100_000_000 } },
    });
    app.connect('/news', { paused: true });
    await until(() => [...app.channel.subscribers()].length === 1);
    for (let n = 0; n < 20; n++) {
      await app.channel.publish('x'.repeat(1_000_000));
    }
    await app.close();
    expect([[...app.channel.subscribers()], app.app.get(SseConnections).count]).toEqual([[], 0]);
  });
});
