import { inspect } from 'node:util';
import { show } from './compare';
import type { Failure, FuzzReport } from './fuzz-run';
import { recipeOf } from './recipes';
import { addTo, newTally, type Tally } from './tally';

const number = new Intl.NumberFormat('en');

const COLUMNS: readonly (readonly [title: string, key: keyof Tally])[] = [
  ['events', 'events'],
  ['delivered', 'delivered'],
  ['refused (with error)', 'refused'],
  ['dropped and counted', 'dropped'],
  ['left out by the route', 'leftOut'],
  ['injected fields', 'injected'],
  ['lost without a report', 'lost'],
  ['judged otherwise', 'wrong'],
  ['crashes', 'crashed'],
];

/** What a run has come to, a line for each count. */
export function tableOf({ tallies }: FuzzReport): string {
  const total = newTally();
  Object.values(tallies).forEach((tally) => addTo(total, tally));
  const rows = [
    ['', ...Object.keys(tallies), 'total'],
    ...COLUMNS.map(([title, key]) => [
      title,
      ...[...Object.values(tallies), total].map((tally) => number.format(tally[key])),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row.map((cell, column) => (column ? cell.padStart(widths[column]!) : cell.padEnd(widths[0]!))).join('  '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** Most values of a failure that are shown. */
const MAX_VALUES = 5;

/** How a failure is seen again, and the least that fails. */
export function reproductionOf(failure: Failure, seed: number): string {
  const { seeds } = failure.case;
  const values = seeds.slice(-MAX_VALUES).map((one) => {
    const { meaning } = recipeOf(one);
    return `    ${inspect(meaning, { depth: 4, breakLength: 110, maxStringLength: 200, maxArrayLength: 10 }).replaceAll('\n', '\n    ')}\n`;
  });
  const source = 'source' in failure.case ? `, source ${failure.case.source}` : '';
  return (
    `FAILED: npm run fuzz -- --seed ${seed} --case ${failure.number} (${failure.adapter})\n` +
    failure.findings.map(({ kind, message }) => `  ${kind}: ${message}\n`).join('') +
    `  ${failure.options}${source}\n` +
    `  ${seeds.length} value(s), seeds ${show(seeds)}, the last ${values.length}:\n${values.join('')}`
  );
}
