import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Names of workloads; all where there is none. */
  readonly workloads: readonly string[];
  readonly rounds: number;
  readonly quick: boolean;
  /** Folder of CPU profiles. */
  readonly profile: string | undefined;
}

export const HELP = `Usage: npm run bench -- [workload ...] [options]

  --rounds N       rounds of each workload (5; with --quick 1)
  --quick          small numbers: shows that everything runs, measures nothing, and leaves RESULTS.md as it is
  --profile FOLDER writes CPU profiles of this library's servers there, and leaves RESULTS.md as it is
  --help           this text
`;

/** @throws when an option is unknown or makes no sense. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    return undefined;
  }
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) {
    throw new Error('--rounds takes a whole number from 1 to 100');
  }
  return { workloads: positionals, rounds, quick: values.quick, profile: values.profile };
}
