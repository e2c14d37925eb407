import type { ChaosReport } from './chaos-run';

const number = new Intl.NumberFormat('en');

/** The reports of runs, a line each. */
export function tableOf(reports: readonly (readonly [name: string, report: ChaosReport])[]): string {
  const rows = [
    ['', 'expected', 'received', 'gaps told', 'lost', 'doubled', 'out of order', 'lost without notice'],
    ...reports.map(([name, { verdict }]) => {
      const { expected, received, gaps, lost, doubled, outOfOrder, lostWithoutNotice } = verdict;
      const counts = [expected, received, gaps, lost, doubled, outOfOrder, lostWithoutNotice];
      return [name, ...counts.map((count) => number.format(count))];
    }),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row.map((cell, column) => (column ? cell.padStart(widths[column]!) : cell.padEnd(widths[0]!))).join('  '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}
