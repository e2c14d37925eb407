import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../../support/until';

const ROOT = join(__dirname, '../../..');

/** The program of the sample with two instances, as a newcomer starts it. */
export interface TwoInstancesProgram {
  /** What it said, and what it said of faults. */
  output(): string;
  /** Where it listens. Rejects when it does not. */
  url(): Promise<string>;
  /** Ends it as Ctrl+C does, and gives its exit code. */
  end(): Promise<number | null>;
  /** Its exit code, when it has ended by itself. */
  exitCode(): Promise<number | null>;
}

const running = new Set<TwoInstancesProgram>();

/** Starts it from its sources. The test file calls `endTwoInstances()` in `afterEach`. */
export function startTwoInstances(env: Readonly<Record<string, string>> = {}): TwoInstancesProgram {
  const hook = join(ROOT, 'test/support/run-typescript.js');
  const child = spawn(process.execPath, ['--require', hook, join(ROOT, 'sample/07-two-instances/main.ts')], {
    env: { ...process.env, PORT: '0', REDIS_URL: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const exit = once(child, 'close').then(([code]) => code as number | null);
  const address = (): string | undefined => /http:\/\/localhost:(\d+)/.exec(output)?.[1];
  const program: TwoInstancesProgram = {
    output: () => output,
    url: async () => {
      await until(
        () => address() !== undefined || child.exitCode !== null,
        60_000,
        () => output,
      );
      if (address() === undefined) {
        throw new Error(`It did not start: ${output}`);
      }
      return `http://127.0.0.1:${address()}`;
    },
    end: () => {
      child.kill('SIGINT');
      return program.exitCode();
    },
    exitCode: () => exit.finally(() => running.delete(program)),
  };
  running.add(program);
  return program;
}

/** Ends what the tests of a file left running. */
export async function endTwoInstances(): Promise<void> {
  await Promise.all([...running].map((program) => program.end()));
}
