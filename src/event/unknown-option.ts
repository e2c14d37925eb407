import { quoted } from './printable';

/** What is to be said of an option that there is not: what was meant, most likely, and what there is. */
export function unknownOption(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return (
    `there is no option ${quoted(name)}. ${meant === undefined ? '' : `Did you mean "${meant}"? `}` +
    `Options are ${known.join(', ')}`
  );
}

/**
 * The name that somebody most likely meant who wrote another one: the same but for case, or with few letters wrong, missing,
 * added or swapped, or a part of it. `undefined` where none is near.
 */
function nearest(written: string, names: readonly string[]): string | undefined {
  const text = written.toLowerCase();
  let best: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const distance = distanceOf(text, name.toLowerCase());
    // A third of the letters may be wrong.
    if (distance < least && distance <= Math.max(text.length, name.length) / 3) {
      least = distance;
      best = name;
    }
  }
  // `schema` for `responseSchema`.
  return best ?? names.find((name) => text.length > 3 && name.toLowerCase().includes(text));
}

/** How many letters have to be changed, added, left out or swapped with the next: the optimal string alignment distance. */
function distanceOf(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      let distance = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (isSame ? 0 : 1));
      if (row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]) {
        distance = Math.min(distance, beforeLast[column - 2]! + 1);
      }
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length]!;
}
