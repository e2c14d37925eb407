import { HELP, readOptions } from './fuzz-options';
import { runFuzz } from './fuzz-run';
import { Progress } from './progress';
import { reproductionOf, tableOf } from './report';

const interruption = new AbortController();

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(HELP);
    return;
  }
  const { seed, events, only } = options;
  const progress = new Progress(only === undefined ? `${events} events, seed ${seed}` : `seed ${seed}, case ${only}`);
  const report = await runFuzz({
    ...options,
    signal: interruption.signal,
    onProgress: (share) => progress.show(share),
  }).finally(() => progress.stop());
  process.stdout.write(`\n${tableOf(report)}`);
  for (const failure of report.failures) {
    process.exitCode = 1;
    process.stdout.write(`\n${reproductionOf(failure, seed)}`);
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interruption.abort(new Error(`Given up at ${signal}`)));
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  const reason: unknown = interruption.signal.aborted ? interruption.signal.reason : error;
  console.error(reason instanceof Error ? (reason.stack ?? reason.message) : reason);
});
