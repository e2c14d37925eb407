import { Logger } from '@nestjs/common';
import { DEFAULT_HISTORY } from '../../src/channel/backplane';
import { memoryBackplane } from '../../src/channel/memory-backplane';
import type { SseSubscribeOptions } from '../../src/channel/call-options';
import { SseChannel } from '../../src/channel/sse-channel';
import { TimerWheel } from '../../src/stream/timer-wheel';

/** Promises and turns run as ever; the clock does not. */
function stopTheClock(): void {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'hrtime'] });
}

function newChannel(): { channel: SseChannel<number>; wheel: TimerWheel } {
  const wheel = new TimerWheel();
  const definition = { name: 'numbers', validate: undefined, history: DEFAULT_HISTORY };
  const channel = new SseChannel<number>(definition, { backplane: memoryBackplane(), wheel, logger: new Logger() });
  return { channel, wheel };
}

/** Lets promises run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise<void>((resolve) => process.nextTick(resolve));
  }
}

/** A generator as a view has it: whoever stops it can do so only when it has something to yield. */
async function* generator(channel: SseChannel<number>, options: SseSubscribeOptions<number>) {
  yield* channel.subscribe(options);
}

afterEach(() => {
  jest.useRealTimers();
});

describe('a loop without a signal', () => {
  beforeEach(stopTheClock);

  it.each<[string, (channel: SseChannel<number>) => Promise<SseSubscribeOptions<number>>, number]>([
    ['that began at the tip', async () => ({}), 1],
    ['that came back at the tip', async (channel) => ({ after: (await channel.publish(1)).id }), 0],
    ['that came back with an id that is none', async () => ({ after: 'a\nb' }), 1],
    [
      'that came back and got something',
      async (channel) => {
        const { id } = await channel.publish(1);
        await channel.publish(2);
        return { after: id };
      },
      1,
    ],
  ])(
    '%s is given its position after each 15 seconds of silence, and so can be let go',
    async (_name, prepare, given) => {
      const { channel, wheel } = newChannel();
      const options = await prepare(channel);
      const events = generator(channel, options);
      let position = options.after;
      for (let n = 0; n < given; n++) {
        position = (await events.next()).value?.id;
      }
      const results: unknown[] = [];
      void events.next().then(({ value }) => results.push(value));
      await settle();
      jest.advanceTimersByTime(14_900);
      await settle();
      expect(results).toEqual([]);
      jest.advanceTimersByTime(200);
      await settle();
      expect(results).toMatchObject([{ event: 'start', id: position }]);
      expect((results[0] as { kind: string }).kind).toBe('start');
      // Nobody waits for the next: the generator is stopped in the meantime, and only then learns of it.
      void events.next().then(({ value }) => results.push(value));
      const stopped = events.return(undefined);
      await settle();
      expect([...channel.subscribers()]).toEqual([[undefined, 1]]);
      jest.advanceTimersByTime(15_100);
      await stopped;
      expect([[...channel.subscribers()], wheel.size]).toEqual([[], 0]);
    },
  );

  it('that gets events needs no position beside them', async () => {
    const { channel } = newChannel();
    const events = generator(channel, {});
    const seen: unknown[] = [];
    void (async () => {
      for await (const event of events) {
        seen.push(event.data);
      }
    })();
    await settle();
    for (let n = 0; n < 5; n++) {
      await channel.publish(n);
      await settle();
      jest.advanceTimersByTime(10_000);
      await settle();
    }
    expect(seen.slice(1)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('a loop with a signal', () => {
  beforeEach(stopTheClock);

  it('needs no timer, and is never given its position again', async () => {
    const { channel, wheel } = newChannel();
    const controller = new AbortController();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of generator(channel, { signal: controller.signal })) {
        seen.push(event.kind);
      }
    })();
    await settle();
    expect(wheel.size).toBe(0);
    jest.advanceTimersByTime(60_000);
    await settle();
    expect(seen).toEqual(['start']);
    controller.abort();
    await reading;
    expect([...channel.subscribers()]).toEqual([]);
  });
});

describe('a filtered subscriber', () => {
  beforeEach(stopTheClock);

  it('is told where it is 5 seconds after its filter left something out, once', async () => {
    const { channel, wheel } = newChannel();
    const controller = new AbortController();
    const seen: (string | undefined)[] = [];
    void (async () => {
      for await (const event of channel.subscribe({ filter: ({ data }) => data > 0, signal: controller.signal })) {
        seen.push(`${event.kind} ${event.id}`);
      }
    })();
    await settle();
    await channel.publish(0);
    const { id } = await channel.publish(0);
    await settle();
    jest.advanceTimersByTime(4_900);
    await settle();
    expect(seen).toHaveLength(1);
    jest.advanceTimersByTime(200);
    await settle();
    expect(seen.slice(1)).toEqual([`start ${id}`]);
    jest.advanceTimersByTime(60_000);
    await settle();
    expect([seen.length, wheel.size]).toEqual([2, 0]);
    controller.abort();
  });
});

describe('several reads of one iterator at once', () => {
  it('get one event each, in order, and all end with it', async () => {
    const { channel } = newChannel();
    const events = channel.subscribe()[Symbol.asyncIterator]();
    const reads = Array.from({ length: 4 }, () => events.next());
    await settle();
    await channel.publish(1);
    await channel.publish(2);
    await settle();
    await events.return!();
    const results = await Promise.all(reads);
    expect(results.map(({ value }) => value?.data)).toEqual([expect.anything(), 1, 2, undefined]);
    expect(results.map(({ done }) => done)).toEqual([false, false, false, true]);
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect([...channel.subscribers()]).toEqual([]);
  });
});
