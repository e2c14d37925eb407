import { Controller } from '@nestjs/common';
import { ChannelView, memoryBackplane, SseUnavailableError, type Backplane, type Delivery } from 'nestjs-sse-views';
import { ADAPTERS } from '../support/app';
import { closeChannelApps, startChannelApp } from '../support/channel-app';
import { until } from '../support/until';

afterEach(closeChannelApps);

@Controller('news')
class NewsView extends ChannelView {
  static readonly channel = 'news';
}

/** A backplane of which a test says what each subscription gives. */
function scriptedBackplane(subscribe: Backplane['subscribe']): Backplane {
  const memory = memoryBackplane();
  return {
    capabilities: memory.capabilities,
    start: () => memory.start(),
    publish: (...args) => memory.publish(...args),
    subscribe,
    close: () => memory.close(),
  };
}

/** Deliveries that a test pushes. */
function pushed(): { push(delivery: Delivery): void; fail(error: Error): void; subscribe: Backplane['subscribe'] } {
  const waiting: (() => Delivery)[] = [];
  let wake = (): void => undefined;
  return {
    push: (delivery) => {
      waiting.push(() => delivery);
      wake();
    },
    fail: (error) => {
      waiting.push(() => {
        throw error;
      });
      wake();
    },
    subscribe: async function* (_topic, { signal }) {
      signal.addEventListener('abort', () => wake());
      while (!signal.aborted) {
        const next = waiting.shift();
        if (next) {
          yield next();
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}

describe.each(ADAPTERS)('a channel whose backplane has a fault, on %s', (adapter) => {
  it('tells live subscribers of a gap, once, in its place; that the engine is away says nothing', async () => {
    const script = pushed();
    const app = await startChannelApp(adapter, {
      controllers: [NewsView],
      sse: { backplane: scriptedBackplane(script.subscribe) },
    });
    const clients = [app.connect('/news'), app.connect('/news')];
    await until(() => [...app.channel.subscribers()][0]?.[1] === 2);
    script.push({ kind: 'start', position: 'a.1' });
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    script.push({ kind: 'event', position: 'a.2', payload: 'data: 2\n\n' });
    script.push({ kind: 'status', state: 'stale' });
    script.push({ kind: 'status', state: 'live' });
    script.push({ kind: 'gap', reason: 'reset', from: 'a.2', position: 'b.0' });
    script.push({ kind: 'event', position: 'b.1', payload: 'data: 3\n\n' });
    await Promise.all(clients.map((client) => client.untilEvents(4)));
    for (const { frames } of clients) {
      expect(frames).toEqual([
        'event: start\nid: a.1\ndata: {"position":"a.1"}\n\n',
        'id: a.2\ndata: 2\n\n',
        'event: gap\nid: b.0\ndata: {"reason":"reset","from":"a.2","position":"b.0"}\n\n',
        'id: b.1\ndata: 3\n\n',
      ]);
    }
    expect(app.channel.counts).toMatchObject({ delivered: 4, gaps: 2 });
  });

  it('ends the streams with an error when its subscription fails, and begins anew with the next client', async () => {
    const scripts = [pushed(), pushed()];
    let subscriptions = 0;
    const app = await startChannelApp(adapter, {
      controllers: [NewsView],
      sse: { backplane: scriptedBackplane((...args) => scripts[subscriptions++]!.subscribe(...args)) },
    });
    const client = app.connect('/news');
    await until(() => subscriptions === 1);
    scripts[0]!.push({ kind: 'start', position: 'a.1' });
    await client.untilEvents(1);
    scripts[0]!.push({ kind: 'event', position: 'a.2', payload: 'data: 2\n\n' });
    scripts[0]!.fail(new Error('secret address of the engine'));
    await client.until(() => client.isComplete);
    // What came before the fault is delivered before the error.
    expect(client.names).toEqual(['start', undefined, 'stream-error']);
    expect(client.body).not.toContain('secret');
    expect([...app.channel.subscribers()]).toEqual([]);
    const next = app.connect('/news');
    await until(() => subscriptions === 2);
    scripts[1]!.push({ kind: 'start', position: 'a.5' });
    await next.untilEvents(1);
    expect(next.lastEventId).toBe('a.5');
  });

  it('is an error of the request when it cannot be subscribed to, and works again when it can', async () => {
    const memory = memoryBackplane();
    let isAway = true;
    const app = await startChannelApp(adapter, {
      controllers: [NewsView],
      sse: {
        backplane: scriptedBackplane((...args) => {
          if (isAway) {
            throw new SseUnavailableError('the engine is away');
          }
          return memory.subscribe(...args);
        }),
      },
    });
    for (const headers of [undefined, { 'Last-Event-ID': 'a.1' }]) {
      const response = await fetch(`${app.url}/news`, { ...(headers && { headers }) });
      expect(response.status).toBeGreaterThanOrEqual(500);
      expect(await response.text()).not.toContain('engine');
    }
    expect([...app.channel.subscribers()]).toEqual([]);
    isAway = false;
    const client = app.connect('/news');
    await client.untilEvents(1);
    expect(client.names).toEqual(['start']);
  });
});
