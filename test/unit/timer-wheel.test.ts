import { Logger } from '@nestjs/common';
import { TimerWheel, type WheelEntry } from '../../src/stream/timer-wheel';

/** Every look may come late by one step. */
const STEP = 50;

/** An entry that notes when it was looked at, in milliseconds from its start. */
class Entry implements WheelEntry {
  readonly looks: number[] = [];
  private readonly start = performance.now();

  constructor(private readonly answer: (look: number) => number = () => 1_000) {}

  onTick(now: number): number {
    this.looks.push(now - this.start);
    return this.answer(this.looks.length);
  }
}

const intervals = (): jest.SpyInstance => jest.spyOn(globalThis, 'setInterval');

describe('TimerWheel', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it.each([50, 120, 1_000, 15_000, 25_000])('looks at an entry after %i ms, at most one step late', (delay) => {
    const wheel = new TimerWheel();
    const entry = new Entry();
    wheel.add(entry, delay);
    jest.advanceTimersByTime(delay - 1);
    expect(entry.looks).toEqual([]);
    jest.advanceTimersByTime(STEP + 1);
    expect(entry.looks).toHaveLength(1);
    wheel.remove(entry);
  });

  it('looks at all others of a step when one of them throws, and not at that one again', () => {
    Logger.overrideLogger(false);
    const wheel = new TimerWheel();
    const throwing = new Entry(() => {
      throw new Error('cannot be looked at');
    });
    const others = [new Entry(), new Entry()];
    wheel.add(others[0]!, 50);
    wheel.add(throwing, 50);
    wheel.add(others[1]!, 50);
    jest.advanceTimersByTime(2_000);
    expect(others.map(({ looks }) => looks.length > 1)).toEqual([true, true]);
    expect(throwing.looks).toHaveLength(1);
    expect(wheel.size).toBe(2);
    others.forEach((entry) => wheel.remove(entry));
  });

  it.each([0, -5, 1, 49])('looks at an entry with the delay %i at the next step', (delay) => {
    const wheel = new TimerWheel();
    const entry = new Entry();
    wheel.add(entry, delay);
    jest.advanceTimersByTime(STEP);
    expect(entry.looks).toHaveLength(1);
    wheel.remove(entry);
  });

  it('looks at an entry with a delay longer than a round once a round, never not at all', () => {
    const wheel = new TimerWheel();
    const entry = new Entry(() => 3_600_000);
    wheel.add(entry, 3_600_000);
    jest.advanceTimersByTime(60_000);
    expect(entry.looks.length).toBeGreaterThanOrEqual(2);
    expect(entry.looks.length).toBeLessThanOrEqual(3);
    wheel.remove(entry);
  });

  it('looks again after what the entry answers', () => {
    const wheel = new TimerWheel();
    const entry = new Entry((look) => look * 100);
    wheel.add(entry, 100);
    jest.advanceTimersByTime(650);
    const [first, second, third] = entry.looks as [number, number, number];
    expect(first).toBeGreaterThanOrEqual(100);
    expect(second - first).toBeGreaterThanOrEqual(100);
    expect(third - second).toBeGreaterThanOrEqual(200);
    expect(entry.looks).toHaveLength(3);
    wheel.remove(entry);
  });

  it('goes on over many rounds', () => {
    const wheel = new TimerWheel();
    const entry = new Entry(() => 15_000);
    wheel.add(entry, 15_000);
    jest.advanceTimersByTime(15_000 * 100);
    expect(entry.looks.length).toBeGreaterThanOrEqual(99);
    expect(entry.looks.length).toBeLessThanOrEqual(100);
    wheel.remove(entry);
  });

  it('does not look at an entry that was removed', () => {
    const wheel = new TimerWheel();
    const [gone, stays] = [new Entry(), new Entry()];
    wheel.add(gone, 100);
    wheel.add(stays, 100);
    wheel.remove(gone);
    jest.advanceTimersByTime(200);
    expect(gone.looks).toEqual([]);
    expect(stays.looks).toHaveLength(1);
    wheel.remove(stays);
  });

  it('does not look again at an entry that removed itself while it was looked at', () => {
    const wheel = new TimerWheel();
    const entry = new Entry(() => {
      wheel.remove(entry);
      return 50;
    });
    wheel.add(entry, 50);
    jest.advanceTimersByTime(1_000);
    expect(entry.looks).toHaveLength(1);
    expect(wheel.size).toBe(0);
  });

  it('does not look at an entry of the same step that another one removed', () => {
    const wheel = new TimerWheel();
    const second = new Entry();
    const first = new Entry(() => {
      wheel.remove(second);
      return 1_000;
    });
    wheel.add(first, 50);
    wheel.add(second, 50);
    jest.advanceTimersByTime(200);
    expect(first.looks).toHaveLength(1);
    expect(second.looks).toEqual([]);
    wheel.remove(first);
  });

  it('counts an entry that is added again once, and goes by its new delay', () => {
    const wheel = new TimerWheel();
    const entry = new Entry();
    wheel.add(entry, 100);
    wheel.add(entry, 500);
    expect(wheel.size).toBe(1);
    jest.advanceTimersByTime(400);
    expect(entry.looks).toEqual([]);
    jest.advanceTimersByTime(150);
    expect(entry.looks).toHaveLength(1);
    wheel.remove(entry);
  });

  it('has one timer for a thousand entries, which does not keep the process alive', () => {
    const setIntervals = intervals();
    const wheel = new TimerWheel();
    const entries = Array.from({ length: 1_000 }, () => new Entry());
    entries.forEach((entry, i) => wheel.add(entry, 15_000 + i));
    expect(wheel.size).toBe(1_000);
    expect(jest.getTimerCount()).toBe(1);
    expect((setIntervals.mock.results[0]!.value as NodeJS.Timeout).hasRef()).toBe(false);
    entries.forEach((entry) => wheel.remove(entry));
  });

  it('has no timer when nothing is in it, and starts one anew for the next entry', () => {
    const wheel = new TimerWheel();
    expect(jest.getTimerCount()).toBe(0);
    const entry = new Entry();
    for (let round = 1; round <= 3; round++) {
      wheel.add(entry, 100);
      expect(jest.getTimerCount()).toBe(1);
      jest.advanceTimersByTime(150);
      expect(entry.looks).toHaveLength(round);
      wheel.remove(entry);
      expect([wheel.size, jest.getTimerCount()]).toEqual([0, 0]);
    }
  });

  it('bears the removal of an entry that it does not know', () => {
    const wheel = new TimerWheel();
    wheel.remove(new Entry());
    expect(wheel.size).toBe(0);
  });
});
