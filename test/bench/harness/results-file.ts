import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import type { Workload } from '../workloads/workload';
import { commit, load, machine, versions } from './machine';
import { RESULTS_FILE } from './project';
import type { Report, Table } from './report';

const HEADING = /^## .*$/m;
const CURVE = 'Curve of results';

/** The section of a workload, as Markdown. */
export async function sectionOf(name: string, workload: Workload, report: Report, rounds: number): Promise<string> {
  const goals: Table = {
    title: 'Goals',
    header: ['', 'goal', 'measured', ''],
    rows: report.goals.map(({ what, goal, measured, reached }) => [
      what,
      goal,
      measured,
      reached ? 'reached' : '**not reached**',
    ]),
  };
  const parts = [
    `## ${name.toUpperCase()} ${workload.title}`,
    workload.description,
    ...[...report.tables, ...(report.goals.length > 0 ? [goals] : [])].map(markdownTable),
    ...report.notes,
    `Measured on ${today()} at commit ${commit()}: ${rounds === 1 ? '1 round' : `${rounds} rounds`}, ${machine()}, load ${load()} at the end.`,
    `${versions()}.`,
  ];
  return formatted(parts.join('\n\n'));
}

/** Puts a section in the place of the one of the same name. The rest of the file stays as it is. */
export function putSection(section: string): Promise<void> {
  return changeResults((own) => own.set(keyOf(section), section));
}

/** Appends the numbers of a run to the curve. */
export function extendCurve(curve: Readonly<Record<string, string>>): Promise<void> {
  return changeResults((own) => own.set(CURVE, extended(own.get(CURVE) ?? `## ${CURVE}\n`, curve)));
}

async function changeResults(change: (sections: Map<string, string>) => void): Promise<void> {
  const [head, ...rest] = split(await readFile(RESULTS_FILE, 'utf8'));
  const sections = new Map(rest.map((section) => [keyOf(section), section]));
  change(sections);
  const sorted = [...sections].toSorted(([a], [b]) => order(a) - order(b) || a.localeCompare(b));
  await writeFile(RESULTS_FILE, await formatted([head, ...sorted.map(([, section]) => section)].join('\n\n')));
}

/** What comes before the first heading, then each section with its heading. */
function split(text: string): string[] {
  return text.split(new RegExp(`(?=${HEADING.source})`, 'm'));
}

/** What a section is found by: the name of the workload, or the whole heading. */
function keyOf(section: string): string {
  const heading = HEADING.exec(section)![0].slice(3).trim();
  return /^W\d+/.exec(heading)?.[0] ?? heading;
}

/** Workloads come first, then the curve, then everything else. */
function order(key: string): number {
  return /^W\d+$/.test(key) ? 0 : key === CURVE ? 1 : 2;
}

function extended(section: string, curve: Readonly<Record<string, string>>): string {
  const lines = section.trim().split('\n');
  const rows = lines
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const values: Record<string, string> = {
    date: today(),
    commit: commit(),
    machine: machine(),
    load: load(),
    ...curve,
  };
  const header = [...new Set([...(rows[0] ?? []), ...Object.keys(values)])];
  const table = [
    ...rows.slice(2).map((row) => header.map((_, index) => row[index] ?? '–')),
    header.map((title) => values[title] ?? '–'),
  ];
  const text = lines.filter((line) => !line.startsWith('|'));
  return [...text, '', tableLines(header, table)].join('\n');
}

function markdownTable({ title, header, rows }: Table): string {
  return `### ${title}\n\n${tableLines(header, rows)}`;
}

function tableLines(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, index) => (index === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

function formatted(markdown: string): Promise<string> {
  return format(markdown, { parser: 'markdown', printWidth: 120 });
}

function today(): string {
  return new Date().toISOString().slice(0, 10);
}
