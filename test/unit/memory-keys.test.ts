import { MemoryKeys } from '../../src/channel/memory-keys';
import { TimerWheel } from '../../src/stream/timer-wheel';

const WINDOW = 120_000;

describe('MemoryKeys', () => {
  let wheel: TimerWheel;
  let keys: MemoryKeys;
  beforeEach(() => {
    jest.useFakeTimers();
    wheel = new TimerWheel();
    keys = new MemoryKeys(wheel, WINDOW);
  });
  afterEach(() => {
    keys.clear();
    jest.useRealTimers();
  });

  it('know a key for the whole window, and no longer', () => {
    keys.remember('topic', 'an earlier one', 'p0');
    // Not at a step of the timer, which lets go of keys a little late.
    jest.advanceTimersByTime(20);
    keys.remember('topic', 'key', 'p1');
    jest.advanceTimersByTime(WINDOW - 1);
    expect(keys.find('topic', 'key')).toBe('p1');
    jest.advanceTimersByTime(1);
    expect(keys.find('topic', 'key')).toBeUndefined();
  });

  it('tell topics and keys apart, wherever the one ends and the other begins', () => {
    const pairs = [
      ['a', 'bc'],
      ['ab', 'c'],
      ['1:a', 'bc'],
      ['a', ':bc'],
      ['', '1:abc'],
      ['a', '1:abc'],
      ['__proto__', 'constructor'],
    ] as const;
    pairs.forEach(([topic, key], index) => keys.remember(topic, key, String(index)));
    expect(pairs.map(([topic, key]) => keys.find(topic, key))).toEqual(pairs.map((_, index) => String(index)));
    expect(keys.find('abc', '')).toBeUndefined();
  });

  it('let go of keys whose window is over, one after the other, and of their timer with the last', () => {
    for (let count = 0; count < 100; count++) {
      keys.remember('topic', `${count}`, 'p');
      jest.advanceTimersByTime(1_000);
    }
    expect(keys.size).toBe(100);
    jest.advanceTimersByTime(WINDOW - 50_000);
    expect(keys.size).toBeLessThanOrEqual(76);
    expect(keys.size).toBeGreaterThanOrEqual(49);
    jest.advanceTimersByTime(90_000);
    expect([keys.size, wheel.size, jest.getTimerCount()]).toEqual([0, 0, 0]);
  });

  it('begin anew after they were all let go', () => {
    keys.remember('topic', 'one', 'p');
    jest.advanceTimersByTime(2 * WINDOW);
    expect(keys.size).toBe(0);
    keys.remember('topic', 'two', 'p');
    expect(keys.find('topic', 'two')).toBe('p');
    jest.advanceTimersByTime(2 * WINDOW);
    expect([keys.size, wheel.size]).toEqual([0, 0]);
  });

  it('are a hundred thousand at most: the oldest go before their time', () => {
    for (let count = 0; count < 100_010; count++) {
      keys.remember('topic', `${count}`, `${count}`);
    }
    expect(keys.size).toBe(100_000);
    expect(keys.find('topic', '9')).toBeUndefined();
    expect(keys.find('topic', '10')).toBe('10');
    expect(keys.find('topic', '100009')).toBe('100009');
  });
});
