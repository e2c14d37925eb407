import { Logger } from '@nestjs/common';
import { DEFAULT_HISTORY } from '../../src/channel/backplane';
import { memoryBackplane } from '../../src/channel/memory-backplane';
import { SseChannel } from '../../src/channel/sse-channel';
import type { SseSubscription } from '../../src/channel/sse-subscription';
import { Demand } from '../../src/stream/demand';
import { CONNECT_FRAMES } from '../../src/stream/frame-source';
import { TimerWheel } from '../../src/stream/timer-wheel';

/** Numbers from 0 to 1, the same ones for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Reader {
  readonly after: number;
  readonly seen: number[];
  stop(): void;
}

/** As a loop. */
function loop(subscription: SseSubscription<number>, after: number, isFiltered: boolean): Reader {
  const iterator = subscription[Symbol.asyncIterator]();
  const seen: number[] = [];
  void (async () => {
    for await (const event of iterator) {
      if (event.kind === 'event') {
        seen.push(event.data);
      } else if (event.kind === 'gap' || !isFiltered) {
        seen.push(-1);
      }
    }
  })();
  return { after, seen, stop: () => void iterator.return!() };
}

/** As the stream of a client that reads, or holds the source up for a while now and then. */
function connect(
  subscription: SseSubscription<number>,
  after: number,
  next: () => number,
  isFiltered: boolean,
): Reader {
  const seen: number[] = [];
  const demand = new Demand();
  const take = (text: string): void => {
    for (const frame of text.split('\n\n').filter(Boolean)) {
      if (frame.includes('event: gap') || (!isFiltered && frame.includes('event: start'))) {
        seen.push(-1);
      } else if (!frame.includes('event: start')) {
        seen.push(Number(frame.slice(frame.lastIndexOf('data: ') + 6)));
      }
    }
    if (next() < 0.1) {
      demand.hold();
      setImmediate(() => demand.release());
    }
  };
  const connection = subscription[CONNECT_FRAMES]({
    demand,
    write: take,
    writeShared: ({ text }) => take(text),
    fail: (error) => {
      throw error;
    },
    complete: () => undefined,
  });
  return { after, seen, stop: () => connection.disconnect() };
}

describe('the hand-over from the history to the live events', () => {
  // Each seed is another order of publications, of subscriptions and of the promises between them.
  it.each(Array.from({ length: 150 }, (_, seed) => seed))('has no hole and no double: schedule %i', async (seed) => {
    const next = random(seed);
    const wheel = new TimerWheel();
    const channel = new SseChannel<number>(
      { name: 'numbers', validate: undefined, history: { ...DEFAULT_HISTORY, maxEvents: 10_000 } },
      { backplane: memoryBackplane(), wheel, logger: new Logger() },
    );
    const ids: string[] = [];
    let last = 0;
    const publish = (): void => {
      const n = last++;
      void channel.publish(n).then(({ id }) => {
        ids[n] = id;
      });
    };
    ids.push((await channel.publish(last++)).id);
    const readers: Reader[] = [];
    for (let step = 0; step < 400; step++) {
      const dice = next();
      if (dice < 0.3) {
        publish();
      } else if (dice < 0.4 && readers.length < 30) {
        const known = ids.length - 1;
        const after = next() < 0.5 ? known : Math.floor(next() * (known + 1));
        const isFiltered = next() < 0.3;
        const subscription = channel.subscribe({ after: ids[after], ...(isFiltered && { filter: () => true }) });
        readers.push(
          next() < 0.5 ? loop(subscription, after, isFiltered) : connect(subscription, after, next, isFiltered),
        );
      } else if (dice < 0.45) {
        await new Promise((resolve) => setImmediate(resolve));
      } else if (dice < 0.5) {
        await new Promise<void>((resolve) => process.nextTick(resolve));
      } else {
        await Promise.resolve();
      }
    }
    publish();
    for (let turn = 0; turn < 50 && readers.some(({ seen }) => seen.at(-1) !== last - 1); turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(readers.length).toBeGreaterThan(10);
    for (const { after, seen } of readers) {
      expect(seen).toEqual(Array.from({ length: last - 1 - after }, (_, n) => after + 1 + n));
    }
    readers.forEach((reader) => reader.stop());
    await new Promise((resolve) => setImmediate(resolve));
    expect([[...channel.subscribers()], wheel.size]).toEqual([[], 0]);
  });
});
