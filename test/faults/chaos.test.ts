import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithRedis } from '../support/redis-server';
import { until } from '../support/until';
import { runChaos } from './chaos/chaos-run';
import type { Mode } from './chaos/mode';

// `npm run chaos` does the same for longer.
describeWithRedis('two instances, forty clients, Redis killed three times and an instance once', () => {
  it.each<{ mode: Mode; promise: string; seed: number }>([
    { mode: 'persistent', promise: 'lose, double and mix up nothing, and tell of no gap', seed: 7 },
    { mode: 'volatile', promise: 'tell of each loss at its place where Redis forgets, and double nothing', seed: 11 },
  ])(
    '$promise',
    async ({ mode, seed }) => {
      const report = await runChaos({ mode, seed, duration: 6_000 });
      const { failures, verdict } = report;
      expect({ failures, places: verdict.places }).toEqual({ failures: [], places: [] });
      expect(report.kills).toBe(4);
      // It was a run: events came, clients dropped, and what went wrong was felt.
      expect(verdict.received).toBeGreaterThan(200);
      expect(report.connections).toBeGreaterThan(100);
      expect(report.repeats).toBeGreaterThan(0);
    },
    150_000,
  );
});

describeWithRedis('npm run chaos', () => {
  it('ends everything that it has started when it is interrupted, and fails', async () => {
    const hook = join(__dirname, '../support/run-typescript.js');
    const program = spawn(process.execPath, ['--require', hook, join(__dirname, 'chaos/main.ts'), '--seconds', '60'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    program.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const exit = once(program, 'exit');
    // Redis and two instances.
    await until(
      () => childrenOf(program.pid!).length === 3,
      60_000,
      () => output,
    );
    const started = childrenOf(program.pid!);
    program.kill('SIGINT');
    expect((await exit)[0]).toBe(1);
    await until(() => !started.some(isRunning));
    expect(output).toContain('Given up at SIGINT');
  }, 90_000);
});

/** The processes that a process has started, as Linux lists them. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => statusOf(pid).includes(`\nPPid:\t${parent}\n`))
    .map(Number);
}

function isRunning(pid: number): boolean {
  const status = statusOf(String(pid));
  return status !== '' && !status.includes('\nState:\tZ');
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
