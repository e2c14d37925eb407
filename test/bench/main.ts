import { Bench } from './harness/bench';
import { HELP, readOptions, type BenchOptions } from './harness/options';
import { endPeers } from './harness/peer';
import { Progress } from './harness/progress';
import { extendCurve, putSection, sectionOf } from './harness/results-file';
import { WORKLOADS } from './workloads/workloads';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(HELP);
    return;
  }
  const names = options.workloads.length > 0 ? options.workloads : Object.keys(WORKLOADS);
  const unknown = names.filter((name) => !Object.hasOwn(WORKLOADS, name));
  if (unknown.length > 0) {
    throw new Error(`There is no workload ${unknown.join(', ')}; there are ${Object.keys(WORKLOADS).join(', ')}`);
  }
  await runAll(names, options);
}

async function runAll(names: readonly string[], options: BenchOptions): Promise<void> {
  const progress = new Progress(names.length);
  const bench = new Bench(options, progress);
  const isReal = !options.quick && options.profile === undefined;
  const sections: string[] = [];
  let curve: Record<string, string> = {};
  try {
    for (const [index, name] of names.entries()) {
      progress.begin(index);
      const workload = WORKLOADS[name]!;
      const report = await workload.run(bench);
      const section = await sectionOf(name, workload, report, options.rounds);
      sections.push(section);
      curve = { ...curve, ...report.curve };
      if (isReal) {
        await putSection(section);
      }
    }
  } catch (error) {
    progress.stop('failed');
    throw error;
  }
  progress.stop('done');
  process.stdout.write(sections.join('\n'));
  if (isReal) {
    await extendCurve(curve);
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void endPeers().then(() => process.exit(1)));
}

main()
  .catch((error: unknown) => {
    process.exitCode = 1;
    console.error(error instanceof Error ? error.message : error);
  })
  .finally(endPeers);
