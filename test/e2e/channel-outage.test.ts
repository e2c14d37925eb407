import { Controller, Post, type ModuleMetadata } from '@nestjs/common';
import { EventSource } from 'eventsource';
import {
  ChannelView,
  InjectChannel,
  SseChannels,
  SseConnections,
  SseUnavailableError,
  type Backplane,
  type Delivery,
  type SseChannel,
  type SseMessage,
} from 'nestjs-sse-views';
import type { Observable } from 'rxjs';
import { ADAPTERS, type Adapter } from '../support/app';
import { closeChannelApps, startChannelApp, type ChannelApp } from '../support/channel-app';
import type { ChannelClient } from '../support/channel-client';
import { SimulatedBackplane, SimulatedEngine } from '../support/simulated-engine';
import { until } from '../support/until';

afterEach(closeChannelApps);

/** How often this process asked the engine for a subscription. */
let subscriptions = 0;

/** An instance on an engine that says nothing of a topic while it is away, as an engine over the network would. */
class DistantBackplane extends SimulatedBackplane {
  constructor(private readonly distant: SimulatedEngine) {
    super(distant);
  }

  override subscribe(...args: Parameters<Backplane['subscribe']>): AsyncIterable<Delivery> {
    subscriptions++;
    return this.whenThere(super.subscribe(...args));
  }

  private async *whenThere(deliveries: AsyncIterable<Delivery>): AsyncGenerator<Delivery> {
    if (!this.distant.isUp) {
      throw new SseUnavailableError('secret address of the engine');
    }
    yield* deliveries;
  }
}

@Controller('news')
class NewsView extends ChannelView<number> {
  static readonly channel = 'news';

  override topic(request: unknown): string | undefined {
    return new URLSearchParams((request as { url: string }).url.split('?')[1]).get('topic') ?? undefined;
  }
}

@Controller('news')
class ImpatientNewsView extends NewsView {
  override readonly retry = 50;
}

@Controller('piped')
class PipedNewsView extends NewsView {
  override pipe(events$: Observable<SseMessage>): Observable<SseMessage> {
    return events$;
  }
}

@Controller('ticks')
class TicksView {
  constructor(@InjectChannel('news') private readonly news: SseChannel<number>) {}

  @Post()
  async send(): Promise<void> {
    await this.news.publish(1);
  }
}

interface Outage {
  readonly app: ChannelApp<number>;
  readonly connections: SseConnections;
  /** Another instance on the same engine, without HTTP. */
  readonly publisher: ChannelApp<number>;
  engineGoes(): void;
  engineComes(): void;
}

async function start(adapter: Adapter, metadata: ModuleMetadata = {}): Promise<Outage> {
  const engine = new SimulatedEngine();
  const sse = { backplane: new DistantBackplane(engine), heartbeat: 100 };
  const app = await startChannelApp<number>(adapter, {
    controllers: [NewsView, PipedNewsView, TicksView],
    sse,
    ...metadata,
  });
  const publisher = await startChannelApp<number>(adapter, { sse: { backplane: new DistantBackplane(engine) } });
  const power = (isUp: boolean): void => {
    engine.isUp = isUp;
    engine.changed();
  };
  subscriptions = 0;
  return {
    app,
    publisher,
    connections: app.app.get(SseConnections),
    engineGoes: () => power(false),
    engineComes: () => power(true),
  };
}

const pings = ({ frames }: ChannelClient): number => frames.filter((frame) => frame.startsWith(':')).length;

/** What a client gets that is sent away in a way that `EventSource` can stand. */
const TURNED_AWAY = [expect.stringMatching(/^retry: \d+\n\n$/)];

describe.each(ADAPTERS)('a channel whose engine goes away, on %s', (adapter) => {
  it('keeps its streams open, with heartbeats, says that they are stale, and fills them when it is back', async () => {
    const { app, connections, engineGoes, engineComes } = await start(adapter);
    const clients = [app.connect('/news'), app.connect('/piped'), app.connect('/news?topic=quiet')];
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    await app.channel.publish(1);
    await Promise.all(clients.slice(0, 2).map((client) => client.untilEvents(2)));
    const channels = app.app.get(SseChannels);
    const states = () => [connections.stale, [...connections].map(({ state }) => state), app.channel.state];
    expect(states()).toEqual([0, ['live', 'live', 'live'], 'live']);

    engineGoes();
    await until(() => connections.stale === 3);
    expect(states()).toEqual([3, ['stale', 'stale', 'stale'], 'stale']);
    expect(channels.state).toBe('stale');
    const before = clients.map(pings);
    await until(() => clients.every((client, index) => pings(client) >= before[index]! + 3));
    expect(clients.map(({ isOver }) => isOver)).toEqual([false, false, false]);

    engineComes();
    await until(() => connections.stale === 0);
    expect(states()).toEqual([0, ['live', 'live', 'live'], 'live']);
    expect(channels.state).toBe('live');
    await app.channel.publish(2);
    await Promise.all(clients.slice(0, 2).map((client) => client.untilEvents(3)));
    expect(clients.map(({ data }) => data)).toEqual([[1, 2], [1, 2], []]);
    expect(clients.map(({ gaps }) => gaps)).toEqual([[], [], []]);
  });

  it('gives each stream what another instance published while it could not reach the engine', async () => {
    const engine = new SimulatedEngine();
    const backplane = new SimulatedBackplane(engine);
    const app = await startChannelApp<number>(adapter, { controllers: [NewsView], sse: { backplane } });
    const other = await startChannelApp<number>(adapter, { sse: { backplane: new SimulatedBackplane(engine) } });
    const connections = app.app.get(SseConnections);
    const client = app.connect('/news');
    await client.untilEvents(1);
    backplane.isCut = true;
    engine.changed();
    await until(() => connections.stale === 1);
    await other.channel.publish(1);
    await other.channel.publish(2);
    backplane.isCut = false;
    engine.changed();
    await client.untilEvents(3);
    await other.channel.publish(3);
    await client.untilEvents(4);
    expect([client.data, client.gaps]).toEqual([[1, 2, 3], []]);
  });

  it('tells each stream, once, when what it missed is gone', async () => {
    const engine = new SimulatedEngine();
    const app = await startChannelApp<number>(adapter, {
      controllers: [NewsView],
      sse: { backplane: new DistantBackplane(engine) },
    });
    const connections = app.app.get(SseConnections);
    const clients = [app.connect('/news'), app.connect('/news')];
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    await app.channel.publish(1);
    await Promise.all(clients.map((client) => client.untilEvents(2)));
    engine.isUp = false;
    engine.changed();
    await until(() => connections.stale === 2);
    engine.isUp = true;
    engine.wipe();
    await app.channel.publish(2);
    await Promise.all(clients.map((client) => client.untilEvents(4)));
    for (const { names, gaps, data } of clients) {
      expect(names).toEqual(['start', undefined, 'gap', undefined]);
      expect(gaps).toEqual([expect.objectContaining({ reason: 'reset' })]);
      expect(data).toEqual([1, 2]);
    }
  });

  it('gives a client that comes back exactly at the gap, to another instance, everything after it', async () => {
    const engine = new SimulatedEngine();
    const instance = (): Promise<ChannelApp<number>> =>
      startChannelApp<number>(adapter, { controllers: [NewsView], sse: { backplane: new DistantBackplane(engine) } });
    const [one, other] = [await instance(), await instance()];
    const leaves = one.connect('/news');
    const stays = other.connect('/news');
    const both = [leaves, stays];
    await Promise.all(both.map((client) => client.untilEvents(1)));
    await one.channel.publish(1);
    await Promise.all(both.map((client) => client.untilEvents(2)));
    engine.wipe();
    await Promise.all(both.map((client) => client.untilEvents(3)));
    expect(leaves.lastEventId).toBe(stays.lastEventId);
    leaves.leave();
    // Nobody joins or leaves at the other instance while these come.
    await one.channel.publish(2);
    await one.channel.publish(3);
    await stays.untilEvents(5);
    const back = other.connect('/news', { lastEventId: leaves.lastEventId });
    await back.untilEvents(2);
    expect([back.data, back.gaps]).toEqual([[2, 3], []]);
    expect(back.events).toEqual(stays.events.slice(-2));
  });

  it('rejects publish at once and writes nothing; a route that publishes answers an error', async () => {
    const { app, connections, engineGoes, engineComes } = await start(adapter);
    const client = app.connect('/news');
    await client.untilEvents(1);
    engineGoes();
    await until(() => connections.stale === 1);
    await expect(app.channel.publish(1, { key: 'a' })).rejects.toBeInstanceOf(SseUnavailableError);
    const response = await fetch(`${app.url}/ticks`, { method: 'POST' });
    expect(response.status).toBeGreaterThanOrEqual(500);
    expect(await response.text()).not.toContain('secret');
    engineComes();
    expect(await app.channel.publish(1, { key: 'a' })).toMatchObject({ duplicate: false });
    await app.channel.publish(2);
    await client.untilEvents(3);
    expect(client.data).toEqual([1, 2]);
    expect(app.channel.counts.published).toBe(2);
  });

  it('sends an EventSource away that it cannot give what it missed, so that it comes back with its id', async () => {
    const { app, publisher, connections, engineGoes, engineComes } = await start(adapter);
    const open = app.connect('/news');
    await open.untilEvents(1);
    const ids = [];
    for (const n of [1, 2, 3]) {
      ids.push((await publisher.channel.publish(n)).id);
    }
    await open.untilEvents(4);
    engineGoes();
    await until(() => connections.stale === 1);
    const asked = subscriptions;
    const behind = app.connect('/news', { lastEventId: ids[0] });
    await behind.until(() => behind.isComplete);
    expect([behind.status, behind.frames, behind.lastEventId]).toEqual([200, TURNED_AWAY, ids[0]]);
    // The hub knows that the engine is away: it is not asked for each client.
    expect(subscriptions).toBe(asked);
    // A topic of which this instance knows nothing: only the engine could say where it stands.
    const unknown = app.connect('/news?topic=other');
    await unknown.until(() => unknown.isComplete);
    expect([unknown.status, unknown.frames, subscriptions]).toEqual([200, TURNED_AWAY, asked + 1]);
    expect([connections.count, open.isOver]).toEqual([1, false]);
    expect(app.log.filter(({ level }) => level === 'error')).toEqual([]);
    engineComes();
    await until(() => connections.stale === 0);
    const back = app.connect('/news', { lastEventId: behind.lastEventId });
    await back.untilEvents(2);
    expect([back.data, back.gaps]).toEqual([[2, 3], []]);
  });

  it('answers any other client 503 with the time to come back, and says nothing of the engine', async () => {
    const { app, connections, engineGoes } = await start(adapter);
    const open = app.connect('/news');
    await open.untilEvents(1);
    const { id } = await app.channel.publish(1);
    await app.channel.publish(2);
    await open.untilEvents(3);
    engineGoes();
    await until(() => connections.stale === 1);
    for (const [path, headers] of [
      ['/news', { 'Last-Event-ID': id, Accept: '*/*' }],
      ['/news?topic=other', { Accept: 'application/json' }],
    ] as const) {
      const response = await fetch(`${app.url}${path}`, { headers });
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      const { message } = (await response.json()) as { message: string };
      expect(message).toBe('The events are temporarily unavailable. Retry');
    }
    expect(connections.count).toBe(1);
  });

  it('takes whoever can wait where the topic is known to stand: a newcomer, and a client that is up to date', async () => {
    const { app, connections, engineGoes, engineComes } = await start(adapter);
    const open = app.connect('/news');
    await open.untilEvents(1);
    const { id } = await app.channel.publish(1);
    await open.untilEvents(2);
    engineGoes();
    await until(() => connections.stale === 1);
    const newcomer = app.connect('/news');
    const upToDate = app.connect('/news', { lastEventId: id });
    await newcomer.untilEvents(1);
    await until(() => connections.stale === 3);
    engineComes();
    await until(() => connections.stale === 0);
    await app.channel.publish(2);
    await newcomer.untilEvents(2);
    await upToDate.untilEvents(1);
    expect([newcomer.names, newcomer.data]).toEqual([['start', undefined], [2]]);
    expect([upToDate.names, upToDate.data]).toEqual([[undefined], [2]]);
  });

  it('ends a stream that opened while the engine was still asked with a time to come back, and no error', async () => {
    const engine = new SimulatedEngine();
    let giveUp = (): void => undefined;
    const backplane: Backplane = Object.assign(new SimulatedBackplane(engine), {
      subscribe: async function* (): AsyncGenerator<Delivery> {
        await new Promise<void>((resolve) => {
          giveUp = resolve;
        });
        throw new SseUnavailableError('secret address of the engine');
      },
    });
    const app = await startChannelApp(adapter, { controllers: [NewsView], sse: { backplane, openAfter: 0 } });
    const client = app.connect('/news', { lastEventId: 'abc' });
    await client.until(() => client.head !== '');
    giveUp();
    await client.until(() => client.isComplete);
    // The comment that went with the headers, when the stream opened.
    const frames = [':\n\n', ...TURNED_AWAY];
    expect([client.status, client.frames, client.lastEventId]).toEqual([200, frames, 'abc']);
    expect(app.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('lets a slow loop read on from the history when the engine is back', async () => {
    const { app, connections, engineGoes, engineComes } = await start(adapter);
    const open = app.connect('/news');
    await open.untilEvents(1);
    const loop = app.channel.subscribe()[Symbol.asyncIterator]();
    expect(await loop.next()).toMatchObject({ value: { kind: 'start' } });
    // More than waits in memory for a loop that does not read.
    const count = 1_100;
    for (let n = 1; n <= count; n++) {
      await app.channel.publish(n);
    }
    await open.untilEvents(count + 1);
    engineGoes();
    await until(() => connections.stale === 1);
    const seen: unknown[] = [];
    const reading = (async () => {
      while (seen.length < count) {
        seen.push((await loop.next()).value?.data);
      }
    })();
    await until(() => seen.length > 500);
    expect(seen.length).toBeLessThan(count);
    engineComes();
    await reading;
    expect(seen).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    await loop.return?.(undefined);
  });

  it('loses and doubles nothing for a real EventSource that drops during the outage and comes back', async () => {
    const { app, publisher, connections, engineGoes, engineComes } = await start(adapter, {
      controllers: [ImpatientNewsView],
    });
    const keeper = app.connect('/news');
    await keeper.untilEvents(1);
    const source = new EventSource(`${app.url}/news`);
    const seen: string[] = [];
    const gaps: string[] = [];
    source.addEventListener('gap', ({ data }) => gaps.push(data as string));
    source.addEventListener('message', ({ data }) => seen.push(data as string));
    try {
      await until(() => connections.count === 2);
      await publisher.channel.publish(1);
      await until(() => seen.length === 1);
      // Nothing but this turn lies between its end and the engine's, so it cannot be back before.
      connections.close(({ request }) => isEventSource(request));
      await publisher.channel.publish(2);
      engineGoes();
      await keeper.untilEvents(3);
      await until(() => connections.stale > 0);
      const { opened } = connections.counts;
      // It comes with the id of the first event, is sent away, and comes again.
      await until(() => connections.counts.opened > opened);
      expect(seen).toEqual(['1']);
      engineComes();
      await publisher.channel.publish(3);
      await until(() => seen.length === 3, 15_000);
      expect([seen, gaps]).toEqual([['1', '2', '3'], []]);
    } finally {
      source.close();
    }
  });
});

function isEventSource(request: unknown): boolean {
  return (request as { headers: Record<string, string> }).headers['host'] !== 'localhost';
}
