import type { Finding } from './compare';

/** What a run has come to. */
export interface Tally {
  /** Values that were yielded or published. */
  events: number;
  delivered: number;
  /** Nothing of them arrived, and there was an error. */
  refused: number;
  /** Left out because of an option, and counted by the library. */
  dropped: number;
  /** Left out by operators of the route. */
  leftOut: number;
  injected: number;
  lost: number;
  wrong: number;
  crashed: number;
}

export function newTally(): Tally {
  return { events: 0, delivered: 0, refused: 0, dropped: 0, leftOut: 0, injected: 0, lost: 0, wrong: 0, crashed: 0 };
}

export function addTo(tally: Tally, other: Tally): void {
  for (const key of Object.keys(tally) as (keyof Tally)[]) {
    tally[key] += other[key];
  }
}

export function countFindings(tally: Tally, findings: readonly Finding[]): void {
  for (const { kind } of findings) {
    tally[kind]++;
  }
}
