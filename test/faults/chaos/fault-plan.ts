import { SeededRandom } from '../../../src/testing/backplane/seeded-random';

/** Something that dies at once, as by `kill -9`, and is started again. */
export interface Fault {
  /** Milliseconds from the beginning of the run. */
  readonly at: number;
  readonly what: 'engine' | 'instance';
  /** Which instance: 0 or 1. */
  readonly instance: number;
  /** Milliseconds until it is started again. */
  readonly downFor: number;
}

/** Times an engine dies in a run. */
export const ENGINE_KILLS = 3;

/** What goes wrong in a run: the same for the same seed and length. Everything is up again before the end. */
export function planFaults(seed: number, duration: number): readonly Fault[] {
  const random = new SeededRandom(seed);
  const share = (from: number, to: number): number => from + random.next() * (to - from);
  const faults: Fault[] = Array.from({ length: ENGINE_KILLS }, (_, index) => ({
    what: 'engine',
    instance: 0,
    // Apart from each other, so that what follows one is over before the next.
    at: duration * (0.1 + (index + share(0, 0.6)) * (0.75 / ENGINE_KILLS)),
    downFor: share(100, Math.min(2_000, duration / 12)),
  }));
  faults.push({
    what: 'instance',
    instance: random.below(2),
    at: duration * share(0.15, 0.75),
    downFor: share(300, Math.min(2_000, duration / 12)),
  });
  return faults.toSorted((a, b) => a.at - b.at);
}
