import { keyName, MemoryKeys } from '../../src/channel/memory-keys';
import { TopicPositions } from '../../src/channel/memory-position';
import { TimerWheel } from '../../src/stream/timer-wheel';

const WINDOW = 120_000;
const EVERYTHING = 1e12;

describe('MemoryKeys', () => {
  let wheel: TimerWheel;
  let keys: MemoryKeys;
  let last: number;
  const topics = new Map<string, { name: string; positions: TopicPositions }>();
  const topic = (name: string) => {
    const known = topics.get(name) ?? { name, positions: new TopicPositions('12345678', name) };
    topics.set(name, known);
    return known;
  };
  const find = (topicName: string, key: string): string | undefined => keys.find(keyName(topicName, key));
  /** @returns the position. */
  const remember = (topicName: string, key: string): string => {
    keys.remember(keyName(topicName, key), topic(topicName), ++last);
    return topic(topicName).positions.at(last);
  };
  const begin = (maxBytes: number): void => {
    wheel = new TimerWheel();
    keys = new MemoryKeys(wheel, WINDOW, maxBytes);
    last = 0;
  };
  /** How many keys of one topic fit into a bound. */
  const room = (maxBytes: number): number => {
    begin(maxBytes);
    for (let count = 0; keys.size === count; count++) {
      remember('a topic of some name', `${count}`);
    }
    return keys.size;
  };

  beforeEach(() => {
    jest.useFakeTimers();
    begin(EVERYTHING);
  });
  afterEach(() => {
    keys.clear();
    topics.clear();
    jest.useRealTimers();
  });

  it('know a key for the whole window, and no longer', () => {
    remember('topic', 'an earlier one');
    // Not at a step of the timer, which lets go of keys a little late.
    jest.advanceTimersByTime(20);
    const position = remember('topic', 'key');
    jest.advanceTimersByTime(WINDOW - 1);
    expect(find('topic', 'key')).toBe(position);
    jest.advanceTimersByTime(1);
    expect(find('topic', 'key')).toBeUndefined();
  });

  it('tell topics and keys apart, wherever the one ends and the other begins, lone surrogates too', () => {
    const pairs = [
      ['a', 'bc'],
      ['ab', 'c'],
      ['1:a', 'bc'],
      ['a', ':bc'],
      ['', '1:abc'],
      ['a', '1:abc'],
      ['__proto__', 'constructor'],
      ['a', '\ud800'],
      ['a', '\ud801'],
      ['a', '\ufffd'],
    ] as const;
    const positions = pairs.map(([name, key]) => remember(name, key));
    expect(pairs.map(([name, key]) => find(name, key))).toEqual(positions);
    expect(find('abc', '')).toBeUndefined();
  });

  it('let go of keys whose window is over, one after the other, and of their timer with the last', () => {
    for (let count = 0; count < 100; count++) {
      remember(`topic ${count % 3}`, `${count}`);
      jest.advanceTimersByTime(1_000);
    }
    expect(keys.size).toBe(100);
    jest.advanceTimersByTime(WINDOW - 50_000);
    expect(keys.size).toBeLessThanOrEqual(76);
    expect(keys.size).toBeGreaterThanOrEqual(49);
    jest.advanceTimersByTime(90_000);
    expect([keys.size, keys.bytes, wheel.size, jest.getTimerCount()]).toEqual([0, 0, 0, 0]);
  });

  it('begin anew after they were all let go', () => {
    remember('topic', 'one');
    jest.advanceTimersByTime(2 * WINDOW);
    expect(keys.size).toBe(0);
    const position = remember('topic', 'two');
    expect(find('topic', 'two')).toBe(position);
    jest.advanceTimersByTime(2 * WINDOW);
    expect([keys.size, wheel.size]).toEqual([0, 0]);
  });

  it('remember a key again whose window is over before the timer has let go of it', () => {
    remember('topic', 'key');
    jest.advanceTimersByTime(20);
    remember('topic', 'another');
    jest.advanceTimersByTime(WINDOW - 20);
    const position = remember('topic', 'key');
    jest.advanceTimersByTime(WINDOW - 1);
    expect([find('topic', 'key'), find('topic', 'another'), keys.size]).toEqual([position, undefined, 1]);
    jest.advanceTimersByTime(WINDOW);
    expect([keys.size, keys.bytes, wheel.size]).toEqual([0, 0, 0]);
  });

  it('stay within their bound, whatever their length; the oldest go before their time', () => {
    const most = room(100_000);
    expect(most).toBeGreaterThan(300);
    begin(100_000);
    const key = (count: number): string => `${count}`.repeat(50);
    for (let count = 0; count < most + 10; count++) {
      remember('a topic of some name', key(count));
      expect(keys.bytes).toBeLessThanOrEqual(100_000);
    }
    expect(find('a topic of some name', key(9))).toBeUndefined();
    expect(find('a topic of some name', key(10))).toBeDefined();
    expect(find('a topic of some name', key(most + 9))).toBeDefined();
  });

  it.each([
    ['one', 1],
    ['a hundred', 100],
  ])('cost no other topic a key, when clients of %s topic(s) choose them without end', (_name, floods) => {
    begin(1_000_000);
    const others = Array.from({ length: 10 }, (_, index) => `quiet ${index}`);
    const positions = others.map((name) => remember(name, 'mine'));
    for (let count = 0; count < 20_000; count++) {
      remember(`flood ${count % floods}`, `${count}`);
    }
    expect(others.map((name) => find(name, 'mine'))).toEqual(positions);
    // Nor does a newcomer give up its own to make room.
    const newcomers = Array.from({ length: 100 }, (_, index) => remember(`new ${index}`, 'mine'));
    expect(newcomers.map((_, index) => find(`new ${index}`, 'mine'))).toEqual(newcomers);
    expect(others.map((name) => find(name, 'mine'))).toEqual(positions);
    expect(keys.bytes).toBeLessThanOrEqual(1_000_000);
    expect(keys.bytes).toBeGreaterThan(950_000);
  });

  it('of topics with one key each go in the order in which they came, and the newest is known', () => {
    begin(100_000);
    let most = 0;
    for (let count = 0; count < 1_000; count++) {
      const position = remember(`topic ${count}`, 'key');
      expect(find(`topic ${count}`, 'key')).toBe(position);
      most = Math.max(most, keys.size);
    }
    const known = Array.from({ length: 1_000 }, (_, count) => find(`topic ${count}`, 'key') !== undefined);
    expect(known.indexOf(true)).toBeGreaterThanOrEqual(1_000 - most);
    expect(known.lastIndexOf(false)).toBe(known.indexOf(true) - 1);
  });

  it('are counted exactly, in whatever order they come and go', () => {
    begin(30_000);
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let count = 0; count < 20_000; count++) {
      const name = `topic ${random(40) ** 2 % 40}`;
      if (find(name, `${count % 7}`) === undefined) {
        remember(name, `${count % 7}`);
      }
      expect(find(name, `${count % 7}`)).toBeDefined();
      jest.advanceTimersByTime(random(3_000));
      expect(keys.bytes).toBeLessThanOrEqual(30_000);
    }
    jest.advanceTimersByTime(2 * WINDOW);
    expect([keys.size, keys.bytes, wheel.size]).toEqual([0, 0, 0]);
  });
});
