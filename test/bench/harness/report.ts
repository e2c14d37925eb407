import { RIVALS, type RivalName } from '../rivals/rivals';
import type { Measurement, Measurements } from './bench';
import { median } from './statistics';

export interface Table {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Something that shall be reached, and what was measured. */
export interface Goal {
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  readonly reached: boolean;
}

/** What a workload has to say. */
export interface Report {
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
  /** Sentences below the tables. */
  readonly notes: readonly string[];
  /** The numbers that later runs are compared with, by the columns of the curve. */
  readonly curve: Readonly<Record<string, string>>;
}

/** A column of a table: its title, and how to find its value in a measurement. */
export interface Column {
  readonly title: string;
  readonly key: string;
  readonly digits?: number;
  /** Shows the smallest and the largest value beside the median. */
  readonly spread?: boolean;
}

/** The columns of workloads that measure CPU time. */
export function cpuColumns(unit: string): Column[] {
  return [
    { title: `CPU µs / ${unit}`, key: 'cpu', digits: 2, spread: true },
    { title: 'of it in the kernel', key: 'kernel', digits: 2 },
    { title: `${unit}s / s`, key: 'rate' },
    { title: 'server busy %', key: 'busy' },
    { title: 'client busy %', key: 'clientBusy' },
  ];
}

/**
 * A table with a row for each rival.
 *
 * @param reference the rival that others are compared with, by the first column, round by round.
 */
export function rivalTable(
  title: string,
  measurements: Measurements<RivalName>,
  columns: readonly Column[],
  reference: RivalName,
): Table {
  const [first] = columns;
  return {
    title,
    header: ['', ...columns.map((column) => column.title), 'times ours'],
    rows: [...measurements].map(([rival, values]) => [
      RIVALS[rival].label,
      ...columns.map((column) => cell(values, column)),
      times(ratio(measurements, rival, reference, first!.key)),
    ]),
  };
}

/** How many times as much one rival takes as another: the median of the rounds' ratios. */
export function ratio<K extends string>(measurements: Measurements<K>, of: K, to: K, key: string): number {
  const others = measurements.get(to)!;
  return median(measurements.get(of)!.map((values, round) => values[key]! / others[round]![key]!));
}

/** The median of a column. */
export function middle<K extends string>(measurements: Measurements<K>, of: K, key: string): number {
  return median(measurements.get(of)!.map((values) => values[key]!));
}

/** The largest value of a column: what must never be above a limit. */
export function largest<K extends string>(measurements: Measurements<K>, of: K, key: string): number {
  return Math.max(...measurements.get(of)!.map((values) => values[key]!));
}

/** A rival's name in a sentence. */
export function nameOf(rival: RivalName): string {
  return RIVALS[rival].label.replaceAll('**', '');
}

export function atMost(what: string, limit: number, measured: number, unit = ''): Goal {
  return {
    what,
    goal: `≤ ${limit.toFixed(2).replace(/\.?0+$/, '')}${unit}`,
    measured: `${measured.toFixed(2)}${unit}`,
    reached: measured <= limit,
  };
}

export function atLeast(what: string, limit: number, measured: number): Goal {
  return { what, goal: `≥ ${limit} times`, measured: `${measured.toFixed(1)} times`, reached: measured >= limit };
}

function times(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : '–';
}

function cell(values: readonly Measurement[], { key, digits = 0, spread = false }: Column): string {
  const all = values.map((value) => value[key]!);
  const number = (value: number): string =>
    Number.isNaN(value)
      ? '–'
      : value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const text = number(median(all));
  return spread && text !== '–' ? `${text} (${number(Math.min(...all))}–${number(Math.max(...all))})` : text;
}
