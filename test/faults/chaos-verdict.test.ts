import { planFaults } from './chaos/fault-plan';
import { readOptions } from './chaos/chaos-options';
import { GAP, sighting } from './chaos/record';
import { broken, judge } from './chaos/verdict';

/** Events of publisher 0, by their numbers; `GAP` stays. */
const of = (...numbers: number[]): number[] => numbers.map((n) => (n === GAP ? GAP : sighting(0, n)));

const CLEAN = {
  expected: 5,
  received: 5,
  gaps: 0,
  lost: 0,
  doubled: 0,
  outOfOrder: 0,
  lostWithoutNotice: 0,
  places: [],
};

/** What is said of a client that saw this of five events, of which the third had to be repeated. */
function verdictOn(seen: number[], isPersistent = true) {
  return judge([{ published: [5, 0], repeated: new Set(of(3)) }], [{ name: 'it', topic: 0, seen }], isPersistent);
}

describe('the verdict on a chaos run', () => {
  it('is clean where everything came once and in order', () => {
    expect(verdictOn(of(1, 2, 3, 4, 5))).toEqual(CLEAN);
    expect(broken(CLEAN, true)).toEqual([]);
  });

  it('finds a loss, and whether it was told at its place', () => {
    const places = ['it: what is before a4 is missing, among a1 a2 a4 a5'];
    expect(verdictOn(of(1, 2, 4, 5))).toEqual({ ...CLEAN, received: 4, lost: 1, lostWithoutNotice: 1, places });
    expect(verdictOn(of(1, 2, GAP, 4, 5))).toEqual({ ...CLEAN, received: 4, lost: 1, gaps: 1 });
    expect(verdictOn(of(1, GAP, 2, 4, 5))).toMatchObject({ lost: 1, lostWithoutNotice: 1 });
    expect(verdictOn(of(1, 2, 4, GAP, 5))).toMatchObject({ lost: 1, lostWithoutNotice: 1 });
    expect(verdictOn([])).toMatchObject({ lost: 5, lostWithoutNotice: 5 });
  });

  it('lets no gap excuse that the last events are missing', () => {
    expect(verdictOn(of(1, 2, 3, GAP))).toMatchObject({ lost: 2, lostWithoutNotice: 2 });
  });

  it('finds a double; one that Redis could not know to be one needs a gap before it', () => {
    const places = ['it: a2 comes twice, among a1 a2 a2 a3 a4 a5'];
    expect(verdictOn(of(1, 2, 2, 3, 4, 5))).toEqual({ ...CLEAN, doubled: 1, places });
    expect(verdictOn(of(1, 2, 3, GAP, 3, 4, 5))).toMatchObject({ doubled: 1 });
    expect(verdictOn(of(1, 2, 3, GAP, 3, 4, 5), false)).toMatchObject({ doubled: 0, gaps: 1 });
    expect(verdictOn(of(1, 2, 3, 3, 4, 5), false)).toMatchObject({ doubled: 1 });
    expect(verdictOn(of(1, 2, GAP, 2, 3, 4, 5), false)).toMatchObject({ doubled: 1 });
  });

  it('finds what is out of order, of one publisher and between two', () => {
    expect(verdictOn(of(1, 3, 2, 4, 5))).toMatchObject({ lost: 0, outOfOrder: 1, lostWithoutNotice: 0 });
    const [a, b] = [sighting(0, 1), sighting(1, 1)];
    const topic = { published: [1, 1], repeated: new Set<number>() };
    const clients = [
      { name: 'one', topic: 0, seen: [a, b] },
      { name: 'other', topic: 0, seen: [b, a] },
    ];
    expect(judge([topic], clients, true)).toMatchObject({ expected: 4, received: 4, lost: 0, outOfOrder: 1 });
  });

  it('knows of no one place of an event that came twice where Redis keeps nothing', () => {
    const [a, b, c] = [sighting(0, 1), sighting(1, 1), sighting(0, 2)];
    const topic = { published: [2, 1], repeated: new Set([b]) };
    const clients = [
      { name: 'saw both', topic: 0, seen: [b, GAP, a, b, c] },
      { name: 'saw the second', topic: 0, seen: [GAP, a, b, c] },
    ];
    expect(judge([topic], clients, false)).toMatchObject({ received: 6, doubled: 0, outOfOrder: 0 });
    expect(judge([topic], clients, true)).toMatchObject({ doubled: 1, outOfOrder: 1 });
    const mixedUp = { name: 'mixed up', topic: 0, seen: [GAP, c, b, a] };
    expect(judge([topic], [...clients, mixedUp], false)).toMatchObject({ outOfOrder: 1 });
  });

  it('allows a loss that was told only where Redis keeps nothing', () => {
    const told = { ...CLEAN, lost: 1, gaps: 1 };
    expect(broken(told, true)).toEqual(['1 lost', '1 gaps told']);
    expect(broken(told, false)).toEqual([]);
    const bad = { ...CLEAN, doubled: 1, outOfOrder: 2, lostWithoutNotice: 3 };
    expect(broken(bad, false)).toEqual(['1 doubled', '2 out of order', '3 lost without notice']);
  });
});

describe('the plan of a chaos run', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planFaults(7, 60_000)).toEqual(planFaults(7, 60_000));
    expect(planFaults(7, 60_000)).not.toEqual(planFaults(8, 60_000));
  });

  it.each([5_000, 60_000, 600_000])('kills Redis three times, one after the other, in a run of %i ms', (duration) => {
    for (let seed = 0; seed < 200; seed++) {
      const faults = planFaults(seed, duration);
      const engine = faults.filter(({ what }) => what === 'engine');
      expect(engine).toHaveLength(3);
      expect(faults).toHaveLength(4);
      for (const [index, { at, downFor }] of engine.entries()) {
        expect(at + downFor).toBeLessThan(engine[index + 1]?.at ?? duration);
      }
      expect(faults.every(({ at, downFor }) => at > 0 && at + downFor < duration)).toBe(true);
    }
  });
});

describe('the options of the chaos run', () => {
  it('are 60 seconds, both modes, and a random seed', () => {
    expect(readOptions([])).toEqual({ seconds: 60, seed: expect.any(Number), modes: ['persistent', 'volatile'] });
    expect(readOptions(['--seconds', '600', '--seed', '7', '--mode', 'volatile'])).toEqual({
      seconds: 600,
      seed: 7,
      modes: ['volatile'],
    });
    expect(readOptions(['--help'])).toBeUndefined();
  });

  it.each([
    ['--seconds', '0'],
    ['--seconds', '1.5'],
    ['--seconds', ''],
    ['--seed', '-1'],
    ['--seed', 'x'],
    ['--mode', 'toString'],
    ['--mode', 'fast'],
    ['--second', '1'],
  ])('reject %s %s', (name, value) => {
    expect(() => readOptions([`${name}=${value}`])).toThrow(name);
  });
});
