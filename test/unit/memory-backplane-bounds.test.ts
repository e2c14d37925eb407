import { setMaxListeners } from 'node:events';
import type { BackplaneSubscribeOptions, Delivery } from '../../src/channel/backplane';
import { memoryBackplane, type MemoryBackplane } from '../../src/channel/memory-backplane';
import { SseConfigurationError } from '../../src/event/sse.error';
import { heapUsed } from '../../src/testing/backplane/heap';
import { until } from '../support/until';

const WIDE = { maxEvents: 1_000_000, maxBytes: 1_000_000_000, maxAge: 3_600_000 };
const EVERYTHING = { maxBytes: 1_000_000_000_000 };
/** Flat and of its own memory, which what `repeat` gives is not. */
const text = (length: number): string => Buffer.alloc(length, 'x').toString('latin1');

let backplane: MemoryBackplane;
afterEach(async () => {
  jest.useRealTimers();
  await backplane.close();
});

/** Subscribes, and reads what is there. */
async function read(topic: string, options: Partial<BackplaneSubscribeOptions>, count: number): Promise<Delivery[]> {
  const abort = new AbortController();
  const deliveries: Delivery[] = [];
  for await (const delivery of backplane.subscribe(topic, { maxBuffered: 10, ...options, signal: abort.signal })) {
    if (deliveries.push(delivery) === count) {
      break;
    }
  }
  return deliveries;
}

const gapOf = async (topic: string, after: string): Promise<string | undefined> => {
  await backplane.publish(topic, 'sentinel');
  const [, delivery] = await read(topic, { after }, 2);
  return delivery?.kind === 'gap' ? delivery.reason : undefined;
};

describe('the histories of all topics of a memory backplane', () => {
  it('stay within its bound at every publication; those go first that were silent longest', async () => {
    backplane = memoryBackplane({ maxBytes: 100_000 });
    const positions = new Map<string, string>();
    await backplane.publish('busy', text(1_000), { history: WIDE });
    for (let index = 0; index < 50; index++) {
      const topic = `topic ${index}`;
      positions.set(topic, (await backplane.publish(topic, text(8_000), { history: WIDE })).position);
      await backplane.publish('busy', 'still here', { history: WIDE });
      expect(backplane.retainedBytes).toBeLessThanOrEqual(100_000);
    }
    const kept = Math.floor((100_000 - 1_000 - 51 * 110 - 850) / (8_000 + 950));
    expect(backplane.topicCount).toBe(kept + 1);
    expect(await read('busy', { from: 'oldest' }, 52)).toHaveLength(52);
    const [, newest] = await read('topic 49', { from: 'oldest' }, 2);
    expect(newest).toMatchObject({ kind: 'event', position: positions.get('topic 49') });
    expect(await gapOf('topic 10', positions.get('topic 9')!)).toBe('invalid');
    expect(await gapOf('topic 10', positions.get('topic 10')!)).toBeUndefined();
  });

  it('keep nothing of an event larger than the bound, which comes live', async () => {
    backplane = memoryBackplane({ maxBytes: 10_000 });
    await backplane.publish('other', 'small');
    const abort = new AbortController();
    const live = backplane.subscribe('large', { signal: abort.signal, maxBuffered: 10 })[Symbol.asyncIterator]();
    const { value: start } = await live.next();
    await backplane.publish('large', text(20_000));
    expect((await live.next()).value).toMatchObject({ kind: 'event', payload: text(20_000) });
    abort.abort();
    expect([backplane.topicCount, backplane.retainedBytes]).toEqual([0, 0]);
    expect(await gapOf('large', (start as Delivery & { position: string }).position)).toBe('trimmed');
  });

  it('are let go at their age, with everything that was counted for them, and no timer stays', async () => {
    jest.useFakeTimers();
    backplane = memoryBackplane();
    for (let index = 0; index < 100; index++) {
      await backplane.publish(`topic ${index % 30}`, text(index), { history: { ...WIDE, maxAge: 10 + index * 100 } });
    }
    expect(backplane.topicCount).toBe(30);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(backplane.topicCount).toBeGreaterThan(0);
    await jest.advanceTimersByTimeAsync(5_100);
    expect([backplane.topicCount, backplane.retainedBytes]).toEqual([0, 0]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('have each event until the very moment when its age is over', async () => {
    jest.useFakeTimers();
    backplane = memoryBackplane();
    // No multiple of the timer's step: whoever subscribes does not depend on when it looks.
    const history = { ...WIDE, maxAge: 110 };
    const { position } = await backplane.publish('a', '1', { history });
    jest.advanceTimersByTime(60);
    await backplane.publish('a', '2', { history });
    jest.advanceTimersByTime(49);
    expect(await read('a', { from: 'oldest' }, 3)).toMatchObject([{}, { payload: '1' }, { payload: '2' }]);
    jest.advanceTimersByTime(1);
    expect(await read('a', { from: 'oldest' }, 2)).toMatchObject([{ position }, { payload: '2' }]);
  });

  it('are given up by close, and no timer stays', async () => {
    jest.useFakeTimers();
    backplane = memoryBackplane();
    const { signal } = new AbortController();
    backplane.subscribe('a', { signal, maxBuffered: 1 });
    await backplane.publish('a', 'x', { key: 'k' });
    await backplane.publish('b', 'x');
    await backplane.close();
    expect([backplane.topicCount, backplane.retainedBytes, jest.getTimerCount()]).toEqual([0, 0, 0]);
  });

  it('take about the memory that is counted for them, few events a topic or many, large or small', async () => {
    const shapes = [
      [10_000, 1, 100],
      [2_000, 5, 100],
      [1, 30_000, 20],
      [50, 50, 2_000],
    ] as const;
    const ratioOf = async ([topics, events, length]: (typeof shapes)[number]): Promise<number> => {
      backplane = memoryBackplane(EVERYTHING);
      const before = await heapUsed();
      for (let index = 0; index < topics * events; index++) {
        await backplane.publish(`notifications/user/${index % topics}`, text(length), { history: WIDE });
      }
      const ratio = ((await heapUsed()) - before) / backplane.retainedBytes;
      await backplane.close();
      return ratio;
    };
    for (const shape of shapes) {
      // What the test runner takes and lets go of meanwhile is noise; the middle one of five is not far off.
      const ratios: number[] = [];
      for (let round = 0; round < 5; round++) {
        ratios.push(await ratioOf(shape));
      }
      const middle = ratios.toSorted((a, b) => a - b)[2]!;
      expect({ shape, ratios, isHonest: middle > 0.7 && middle < 1.3 }).toEqual({
        shape,
        ratios,
        isHonest: true,
      });
    }
  }, 60_000);
});

describe('the keys of publications to a memory backplane', () => {
  const NO_HISTORY = { maxEvents: 0, maxBytes: 0, maxAge: 1_000 };

  it('count inside its bound, and a topic whose keys clients choose costs no other topic its keys', async () => {
    backplane = memoryBackplane({ maxBytes: 4_000_000 });
    const mine = await backplane.publish('user/1', 'x', { key: 'mine' });
    const before = await heapUsed();
    for (let index = 0; index < 101_000; index++) {
      await backplane.publish('import', 'x', { key: `${index}`.padEnd(256, 'x'), history: NO_HISTORY });
    }
    expect((await heapUsed()) - before).toBeLessThan(4_000_000);
    expect(backplane.retainedBytes).toBeLessThan(1_100_000);
    expect(await backplane.publish('user/1', 'x', { key: 'mine' })).toEqual({ ...mine, duplicate: true });
  });

  it('leave three quarters of it to the histories, and the histories leave the keys', async () => {
    backplane = memoryBackplane({ maxBytes: 100_000 });
    const kept = await backplane.publish('kept', text(60_000), { history: WIDE });
    for (let index = 0; index < 1_000; index++) {
      await backplane.publish('import', 'x', { key: `${index}`, history: NO_HISTORY });
    }
    expect(await read('kept', { from: 'oldest' }, 2)).toMatchObject([{}, { position: kept.position }]);
    for (let index = 0; index < 100; index++) {
      await backplane.publish(`topic ${index}`, text(5_000), { history: WIDE });
      expect(backplane.retainedBytes).toBeLessThanOrEqual(100_000);
    }
    expect((await backplane.publish('import', 'x', { key: '999' })).duplicate).toBe(true);
  });

  it('do not keep the large text alive that they were cut out of', async () => {
    backplane = memoryBackplane();
    const before = await heapUsed();
    for (let index = 0; index < 100; index++) {
      const body = text(1_000_000);
      await backplane.publish('a', 'x', { key: body.slice(index, index + 100) + index, history: NO_HISTORY });
      await backplane.publish('a', 'x', { key: body.slice(0, index + 20), history: NO_HISTORY });
    }
    expect((await heapUsed()) - before).toBeLessThan(5_000_000);
  });

  it('take about the memory that is counted for them, one for each topic or many', async () => {
    for (const [topics, each] of [
      [1, 50_000],
      [20_000, 1],
      [5_000, 4],
    ] as const) {
      const ratios: number[] = [];
      for (let round = 0; round < 3; round++) {
        backplane = memoryBackplane(EVERYTHING);
        const before = await heapUsed();
        for (let index = 0; index < topics * each; index++) {
          const options = { key: `key ${index}`, history: NO_HISTORY };
          await backplane.publish(`notifications/user/${index % topics}`, 'x', options);
        }
        ratios.push(((await heapUsed()) - before) / backplane.retainedBytes);
        await backplane.close();
      }
      const middle = ratios.toSorted((a, b) => a - b)[1]!;
      expect({ topics, ratios, isHonest: middle > 0.7 && middle < 1.3 }).toEqual({ topics, ratios, isHonest: true });
    }
  }, 60_000);
});

describe('topics of a memory backplane', () => {
  it('leave nothing behind when a million of them were used once', async () => {
    backplane = memoryBackplane();
    const history = { maxEvents: 10, maxBytes: 10_000, maxAge: 50 };
    const before = await heapUsed();
    let most = 0;
    for (let index = 0; index < 1_000_000; index++) {
      const published = backplane.publish(`user/${index}`, 'event: notification\ndata: {"n":1}\n\n', { history });
      if (index % 1_000 === 0) {
        await published;
        most = Math.max(most, backplane.topicCount);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
      }
    }
    await until(() => backplane.topicCount === 0);
    expect(most).toBeLessThan(200_000);
    expect(backplane.retainedBytes).toBe(0);
    // The sketch of what was let go takes 2 MiB, whatever the number of topics.
    expect(((await heapUsed()) - before) / 1_048_576).toBeLessThan(4);
  }, 240_000);

  it('that nobody published to go with their last subscriber', async () => {
    backplane = memoryBackplane();
    const aborts = Array.from({ length: 1_000 }, (_, index) => {
      const abort = new AbortController();
      backplane.subscribe(`topic ${index % 500}`, { signal: abort.signal, maxBuffered: 1 });
      return abort;
    });
    expect(backplane.topicCount).toBe(500);
    aborts.slice(0, 999).forEach((abort) => abort.abort());
    expect(backplane.topicCount).toBe(1);
    aborts[999]!.abort();
    expect([backplane.topicCount, backplane.retainedBytes]).toEqual([0, 0]);
  });

  it('have their names counted, which clients may choose', async () => {
    backplane = memoryBackplane(EVERYTHING);
    const before = await heapUsed();
    for (let index = 0; index < 5_000; index++) {
      await backplane.publish(`${index}`.padEnd(256, 'ß\u{1F600}'), 'x');
    }
    expect(((await heapUsed()) - before) / backplane.retainedBytes).toBeLessThan(1.3);
  });

  it('stay while somebody subscribes, though their history is gone', async () => {
    jest.useFakeTimers();
    backplane = memoryBackplane();
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const live = backplane.subscribe('a', { signal: abort.signal, maxBuffered: 1 })[Symbol.asyncIterator]();
    await live.next();
    await backplane.publish('a', 'x', { history: { ...WIDE, maxAge: 100 } });
    await live.next();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(backplane.topicCount).toBe(1);
    const next = live.next();
    await backplane.publish('a', 'y');
    expect((await next).value).toMatchObject({ payload: 'y' });
    abort.abort();
    expect(backplane.topicCount).toBe(1);
  });

  it('that somebody still reads when they lose their history have the next one counted, and let go at its age', async () => {
    jest.useFakeTimers();
    backplane = memoryBackplane();
    const abort = new AbortController();
    const reader = backplane.subscribe('topic', { signal: abort.signal, maxBuffered: 10 })[Symbol.asyncIterator]();
    await reader.next();
    const retained: number[] = [];
    for (let round = 0; round < 2; round++) {
      await backplane.publish('topic', text(1_000), { history: { ...WIDE, maxAge: 100 } });
      retained.push(backplane.retainedBytes);
      await jest.advanceTimersByTimeAsync(10_000);
      retained.push(backplane.retainedBytes);
    }
    abort.abort();
    expect(retained).toEqual([expect.any(Number), 0, retained[0], 0]);
    expect(retained[0]).toBeGreaterThan(1_000);
  });

  it('that were let go know what their clients have missed, and what not', async () => {
    jest.useFakeTimers();
    backplane = memoryBackplane();
    const history = { ...WIDE, maxAge: 100 };
    const [{ position: missed }, { position: tip }] = [
      await backplane.publish('a', '1', { history }),
      await backplane.publish('a', '2', { history }),
    ];
    await jest.advanceTimersByTimeAsync(1_000);
    expect(backplane.topicCount).toBe(0);
    await backplane.publish('b', '3');
    expect((await read('a', { after: missed }, 2))[1]).toMatchObject({ kind: 'gap', reason: 'trimmed', from: missed });
    expect(await gapOf('a', tip)).toBeUndefined();
    const { position: later } = await backplane.publish('a', '4', { history });
    expect(await gapOf('a', later)).toBeUndefined();
  });

  it('have positions that tell an earlier process from another topic', async () => {
    backplane = memoryBackplane();
    const earlier = memoryBackplane();
    const { position: old } = await earlier.publish('a', 'x');
    const { position: foreign } = await backplane.publish('b', 'x');
    expect(await gapOf('a', old)).toBe('reset');
    expect(await gapOf('a', foreign)).toBe('invalid');
    await earlier.close();
  });
});

describe('the bound of a memory backplane', () => {
  it.each([[-1], ['64MB'], [1.5], [NaN], [Infinity], [null]])(
    'is a whole number of bytes from 0, and not %p',
    (maxBytes) => {
      backplane = memoryBackplane({ maxBytes: 0 });
      const wrong = (): MemoryBackplane => memoryBackplane({ maxBytes: maxBytes as number });
      expect(wrong).toThrow(SseConfigurationError);
      expect(wrong).toThrow('memoryBackplane(): maxBytes must be a whole number of bytes from 0, not ');
    },
  );
});

describe('a publication to a memory backplane', () => {
  it('is not written when its signal has aborted', async () => {
    backplane = memoryBackplane();
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(backplane.publish('a', 'x', { signal })).rejects.toThrow('too late');
    expect(backplane.topicCount).toBe(0);
  });

  it('wakes each of several calls of next that wait, in their order', async () => {
    backplane = memoryBackplane();
    const { signal } = new AbortController();
    const live = backplane.subscribe('a', { signal, maxBuffered: 1 })[Symbol.asyncIterator]();
    const waiting = [live.next(), live.next(), live.next()];
    await backplane.publish('a', '1');
    await backplane.publish('a', '2');
    const deliveries = (await Promise.all(waiting)).map(({ value }) => value as Delivery);
    expect(deliveries).toMatchObject([{ kind: 'start' }, { payload: '1' }, { payload: '2' }]);
  });
});
