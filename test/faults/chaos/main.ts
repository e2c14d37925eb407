import { missingRedis } from '../../support/redis-server';
import { HELP, readOptions } from './chaos-options';
import { runChaos, type ChaosReport } from './chaos-run';
import { MODES, type Mode } from './mode';
import { ProgressLine } from './progress-line';
import { tableOf } from './table';

const interruption = new AbortController();

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(HELP);
    return;
  }
  if (missingRedis !== undefined) {
    throw new Error(missingRedis);
  }
  const { modes, seconds, seed } = options;
  process.stderr.write(`${seconds} s each, seed ${seed}\n`);
  const reports: [Mode, ChaosReport][] = [];
  for (const mode of modes) {
    const line = new ProgressLine(`${mode} (${MODES[mode]})`);
    const report = await runChaos({
      mode,
      seed,
      duration: seconds * 1_000,
      signal: interruption.signal,
      onProgress: (progress) => line.show(progress),
    }).catch((error: unknown) => {
      line.stop('given up');
      throw error;
    });
    line.stop('done');
    reports.push([mode, report]);
  }
  process.stdout.write(`\n${tableOf(reports)}\n`);
  for (const [mode, { published, repeats, connections, kills, failures, verdict }] of reports) {
    process.stdout.write(
      `${mode}: ${published} events published, ${repeats} attempts repeated, ${connections} connections, ${kills} times something was killed\n`,
    );
    for (const failure of failures) {
      process.exitCode = 1;
      process.stdout.write(`  FAILED: ${failure}\n`);
    }
    for (const place of verdict.places) {
      process.stdout.write(`  ${place}\n`);
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interruption.abort(new Error(`Given up at ${signal}`)));
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  const reason = interruption.signal.aborted ? interruption.signal.reason : error;
  console.error(reason instanceof Error ? reason.message : reason);
  // What was under way when the run was given up may still wait for something that is gone.
  process.exit();
});
