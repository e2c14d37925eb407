import { Controller } from '@nestjs/common';
import { filter, map, type Observable } from 'rxjs';
import {
  ChannelView,
  LastEventId,
  ServerSentEventsView,
  SseChannels,
  SseConnections,
  SseRoute,
  SseSignal,
  type SseMessage,
  type SseSubscription,
  type SseSubscriptionEvent,
} from 'nestjs-sse-views';
import { ADAPTERS } from '../support/app';
import { closeChannelApps, nextTurn, startChannelApp, type ChannelApp } from '../support/channel-app';
import { END_FRAME } from '../support/end-frame';
import { until } from '../support/until';

afterEach(closeChannelApps);

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

/** Reads so many events. */
async function take(subscription: SseSubscription, count: number): Promise<SseSubscriptionEvent[]> {
  const events: SseSubscriptionEvent[] = [];
  for await (const event of subscription) {
    events.push(event);
    if (events.length === count) {
      break;
    }
  }
  return events;
}

const nothingLeft = ({ app, channel }: ChannelApp) => [[...channel.subscribers()], app.get(SseChannels).wheel.size];

describe.each(ADAPTERS)('a loop over a subscription in a stream on %s', (adapter) => {
  @Controller('own')
  class OwnView extends ServerSentEventsView {
    constructor(private readonly channels: SseChannels) {
      super();
    }

    async *events(@SseSignal() signal: AbortSignal, @LastEventId() after: string | undefined) {
      yield* this.channels.get('news').subscribe({ signal, after });
    }

    @SseRoute('merged')
    async *merged(@SseSignal() signal: AbortSignal) {
      const channel = this.channels.get('news');
      const waiting = ['a', 'b'].map((topic) => ({
        topic,
        events: channel.subscribe({ topic, signal })[Symbol.asyncIterator](),
      }));
      const next = (index: number) =>
        waiting[index]!.events.next().then(({ value }) => ({
          index,
          value: value as SseSubscriptionEvent | undefined,
        }));
      const races = waiting.map((_, index) => next(index));
      for (;;) {
        const { index, value } = await Promise.race(races);
        if (!value) {
          return;
        }
        if (value.kind === 'event') {
          yield { event: waiting[index]!.topic, data: value.data };
        }
        races[index] = next(index);
      }
    }

    @SseRoute('three')
    async *three(@SseSignal() signal: AbortSignal) {
      let left = 3;
      for await (const event of this.channels.get('news').subscribe({ signal })) {
        if (event.kind !== 'event') {
          continue;
        }
        if (event.data === 'fail') {
          throw new Error('of the loop');
        }
        yield { ...event, data: { seen: event.data } };
        if (--left === 0) {
          return;
        }
      }
    }
  }

  it('ends at once when the client leaves, though the topic is silent', async () => {
    const app = await startChannelApp(adapter, { controllers: [OwnView] });
    const clients = [1, 2].map(() => app.connect('/own'));
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    expect([...app.channel.subscribers()]).toEqual([[undefined, 2]]);
    clients[0]!.leave();
    await until(() => [...app.channel.subscribers()][0]?.[1] === 1, 1_000);
    clients[1]!.leave();
    await until(() => app.app.get(SseConnections).count === 0, 1_000);
    expect(nothingLeft(app)).toEqual([[], 0]);
  });

  it('sends what a returned subscription would, byte for byte', async () => {
    @Controller('returned')
    class ReturnedView extends ChannelView {
      static readonly channel = 'news';
    }
    const app = await startChannelApp(adapter, { controllers: [OwnView, ReturnedView] });
    const { id } = await app.channel.publish(0);
    await app.channel.publish(1);
    const clients = ['/own', '/returned'].flatMap((path) =>
      [undefined, id, 'invalid'].map((lastEventId) => app.connect(path, { lastEventId })),
    );
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    await app.channel.publish({ event: 'e', data: 'x', comment: 'c' });
    await Promise.all(clients.map((client) => client.untilEvents(2)));
    expect(clients.slice(0, 3).map(({ frames }) => frames)).toEqual(clients.slice(3).map(({ frames }) => frames));
  });

  it('may leave by return, and by an error, and leaves no subscription', async () => {
    const app = await startChannelApp(adapter, { controllers: [OwnView] });
    const client = app.connect('/own/three');
    const failing = app.connect('/own/three');
    await until(() => [...app.channel.subscribers()][0]?.[1] === 2);
    for (const data of ['one', 'two', 'fail', 'four']) {
      await app.channel.publish({ data });
      await nextTurn();
    }
    await Promise.all([client, failing].map((one) => one.until(() => one.isComplete)));
    for (const one of [client, failing]) {
      // What is made of an event keeps its id.
      expect(one.events).toEqual([
        { event: undefined, id: expect.stringMatching(/\.\d+$/), data: { seen: 'one' } },
        { event: undefined, id: expect.stringMatching(/\.\d+$/), data: { seen: 'two' } },
        { event: 'stream-error', id: undefined, data: expect.objectContaining({ status: 500 }) },
      ]);
    }
    const third = app.connect('/own/three');
    await until(() => [...app.channel.subscribers()][0]?.[1] === 1);
    for (let n = 0; n < 5; n++) {
      await app.channel.publish(n);
    }
    await third.until(() => third.isComplete);
    expect(third.data).toEqual([{ seen: 0 }, { seen: 1 }, { seen: 2 }]);
    expect(third.frames.at(-1)).toBe(END_FRAME);
    expect(nothingLeft(app)).toEqual([[], 0]);
  });

  it('may merge the subscriptions of two topics', async () => {
    const app = await startChannelApp(adapter, { controllers: [OwnView] });
    const client = app.connect('/own/merged');
    await until(() => [...app.channel.subscribers()].length === 2);
    for (let n = 0; n < 6; n++) {
      await app.channel.publish(n, { topic: n % 2 ? 'a' : 'b' });
    }
    await client.untilEvents(6);
    const of = (topic: string) => client.events.filter(({ event }) => event === topic).map(({ data }) => data);
    expect([of('a'), of('b')]).toEqual([
      [1, 3, 5],
      [0, 2, 4],
    ]);
    client.leave();
    await until(() => [...app.channel.subscribers()].length === 0, 1_000);
  });

  it('that is behind because the client does not read gets everything from the history, or is told', async () => {
    const app = await startChannelApp(adapter, {
      controllers: [OwnView],
      channel: { history: { maxEvents: 4_000, maxBytes: 100_000_000 } },
    });
    const pad = 'x'.repeat(4_000);
    const slow = app.connect('/own', { paused: true });
    const other = app.connect('/own');
    await other.untilEvents(1);
    await until(() => [...app.channel.subscribers()][0]![1] === 2);
    const publish = async (from: number, to: number): Promise<void> => {
      for (let n = from; n <= to; n++) {
        await app.channel.publish({ data: { n, pad } });
        if (n % 20 === 0) {
          await nextTurn();
        }
      }
    };
    // More than the kernel and the loop hold; all of it is in the history.
    await publish(1, 4_000);
    slow.resume();
    await slow.untilEvents(4_001, 20_000);
    const seen = () => slow.data.map((data) => (data as { n: number }).n);
    expect([slow.gaps, seen()]).toEqual([[], numbers(1, 4_000)]);
    // And now more than the history.
    slow.socket.pause();
    await publish(4_001, 14_000);
    slow.socket.resume();
    await slow.until(() => seen().at(-1) === 14_000, 20_000);
    const got = seen();
    expect(slow.gaps).toEqual([expect.objectContaining({ reason: 'overflow' })]);
    expect(got).toEqual([...new Set(got)].toSorted((a, b) => a - b));
    const gap = slow.names.indexOf('gap');
    const [before, after] = [gap - 1, gap + 1].map((at) => (slow.events[at]!.data as { n: number }).n);
    expect(got).toEqual([...numbers(1, before!), ...numbers(after!, 14_000)]);
    // The gap's id is the position before what follows: whoever comes back from there misses nothing more.
    expect(14_000 - after!).toBeGreaterThanOrEqual(3_999);
    await other.until(() => (other.data.at(-1) as { n: number } | undefined)?.n === 14_000, 20_000);
    expect(other.data).toHaveLength(14_000);
  }, 60_000);

  it('may go through operators, of a route or of a view, that drop and change events', async () => {
    @Controller('piped')
    class PipedView extends ChannelView<number> {
      static readonly channel = 'news';

      override pipe(events$: Observable<SseMessage<number>>) {
        return events$.pipe(
          filter(({ event, data }) => event === 'start' || data! % 2 === 0),
          map((message) => (message.event === 'start' ? message : { ...message, data: message.data! * 10 })),
        );
      }
    }
    @Controller('route')
    class RouteView extends ChannelView<number> {
      static readonly channel = 'news';

      @SseRoute({ pipe: (events$) => events$.pipe(filter(({ data }) => data !== 3)) })
      override async events() {
        return this.channel.subscribe();
      }
    }
    const app = await startChannelApp<number>(adapter, { controllers: [PipedView, RouteView] });
    const client = app.connect('/piped');
    const route = app.connect('/route');
    await Promise.all([client, route].map((one) => one.untilEvents(1)));
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      ids.push((await app.channel.publish(n)).id);
    }
    await Promise.all([client.untilEvents(4), route.untilEvents(5)]);
    expect(client.events.slice(1)).toEqual([
      { event: undefined, id: ids[0], data: 0 },
      { event: undefined, id: ids[2], data: 20 },
      { event: undefined, id: ids[4], data: 40 },
    ]);
    expect([route.names[0], route.data]).toEqual(['start', [0, 1, 2, 4]]);
    client.leave();
    route.leave();
    await until(() => app.app.get(SseConnections).count === 0, 1_000);
    expect(nothingLeft(app)).toEqual([[], 0]);
  });
});

describe('a loop over a subscription in a service', () => {
  @Controller('news')
  class NewsView extends ChannelView {
    static readonly channel = 'news';
  }
  const start = (history?: object) =>
    startChannelApp('express', { controllers: [NewsView], channel: { ...(history && { history }) } });

  it('gets events of three kinds, of which each says where it is', async () => {
    const app = await start({ maxEvents: 2 });
    const first = await app.channel.publish({ event: 'e', data: { n: 0 } });
    const reading = take(app.channel.subscribe(), 2);
    await until(() => [...app.channel.subscribers()].length === 1);
    const second = await app.channel.publish({ event: 'e', data: { n: 1 } });
    const events = await reading;
    expect(events.map(({ kind, event, id, data }) => ({ kind, event, id, data }))).toEqual([
      { kind: 'start', event: 'start', id: first.id, data: { position: first.id } },
      { kind: 'event', event: 'e', id: second.id, data: { n: 1 } },
    ]);
    expect(events.map((event) => [event, event.data].every(Object.isFrozen))).toEqual([true, true]);
    await app.channel.publish(2);
    await app.channel.publish(3);
    const [gap, ...rest] = await take(app.channel.subscribe({ after: first.id }), 3);
    expect([gap!.kind, gap!.data]).toEqual(['gap', { reason: 'trimmed', from: first.id, position: second.id }]);
    expect(rest.map(({ data }) => data)).toEqual([2, 3]);
    expect(nothingLeft(app)).toEqual([[], 0]);
  });

  it('does nothing before it is used, and is a subscription of its own each time', async () => {
    const app = await start();
    const subscription = app.channel.subscribe({ from: 'oldest' });
    expect([...app.channel.subscribers()]).toEqual([]);
    await app.channel.publish(1);
    expect((await take(subscription, 2)).map(({ data }) => data)).toEqual([expect.anything(), 1]);
    await app.channel.publish(2);
    expect((await take(subscription, 3)).map(({ data }) => data)).toEqual([expect.anything(), 1, 2]);
  });

  it('loses nothing that is published after it began', async () => {
    const app = await start();
    const reading = take(app.channel.subscribe(), 4);
    void app.channel.publish(1);
    await app.channel.publish(2);
    await app.channel.publish(3);
    const events = await reading;
    expect(events.map(({ kind }) => kind)).toEqual(['start', 'event', 'event', 'event']);
    expect(events.slice(1).map(({ data }) => data)).toEqual([1, 2, 3]);
  });

  it('ends, without what waits, when its signal aborts, before as well as during', async () => {
    const app = await start();
    const controller = new AbortController();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of app.channel.subscribe({ signal: controller.signal })) {
        seen.push(event.data);
        if (event.data === 1) {
          await app.channel.publish(2);
          await nextTurn();
          controller.abort();
        }
      }
      return 'ended';
    })();
    await until(() => seen.length === 1);
    await app.channel.publish(1);
    expect(await reading).toBe('ended');
    expect(seen.slice(1)).toEqual([1]);
    expect(await take(app.channel.subscribe({ signal: AbortSignal.abort(), from: 'oldest' }), 1)).toEqual([]);
    expect(nothingLeft(app)).toEqual([[], 0]);
  });

  it('ends, without an error, with the application', async () => {
    const app = await start();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of app.channel.subscribe({ signal: new AbortController().signal })) {
        seen.push(event.kind);
      }
      return 'ended';
    })();
    await until(() => seen.length === 1);
    await app.close();
    expect(await reading).toBe('ended');
  });

  it('ends with the error of its filter', async () => {
    const app = await start();
    const reading = take(
      app.channel.subscribe({
        filter: () => {
          throw new Error('of the filter');
        },
      }),
      2,
    );
    await until(() => [...app.channel.subscribers()].length === 1);
    await app.channel.publish(1);
    await expect(reading).rejects.toThrow('of the filter');
    expect(nothingLeft(app)).toEqual([[], 0]);
  });

  it('that waits for something else falls back to the history, and goes on live after it', async () => {
    const app = await start({ maxEvents: 10_000, maxBytes: 100_000_000 });
    const seen: unknown[] = [];
    let release = (): void => undefined;
    const reading = (async () => {
      for await (const event of app.channel.subscribe()) {
        if (event.kind === 'gap') {
          throw new Error(event.data.reason);
        }
        if (event.kind === 'event') {
          seen.push(event.data);
          if (seen.length === 1 || seen.length === 3_000) {
            await new Promise<void>((resolve) => {
              release = resolve;
            });
          }
          if (event.data === 6_000) {
            return;
          }
        }
      }
    })();
    await until(() => [...app.channel.subscribers()].length === 1);
    for (const [from, to] of [
      [1, 2_900],
      [2_901, 5_000],
    ] as const) {
      for (let n = from; n <= to; n++) {
        void app.channel.publish(n);
        if (n % 100 === 0) {
          await nextTurn();
        }
      }
      release();
      await until(() => seen.length >= Math.min(to, 2_900));
    }
    await until(() => seen.length === 3_000 || seen.length === 5_000);
    release();
    for (let n = 5_001; n <= 6_000; n++) {
      await app.channel.publish(n);
    }
    await reading;
    expect(seen).toEqual(numbers(1, 6_000));
    expect(nothingLeft(app)).toEqual([[], 0]);
  });
});
