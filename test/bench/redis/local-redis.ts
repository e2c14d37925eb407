import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';

/** A Redis that is measured. */
export interface LocalRedis {
  readonly url: string;
  /** Microseconds of CPU time that it has used. */
  cpu(): Promise<number>;
}

/** A Redis of its own while something is measured, on a Unix socket, without persistence. */
export async function withRedis<T>(use: (redis: LocalRedis) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sse-bench-'));
  const path = join(folder, 'redis.sock');
  const program = process.env['REDIS_SERVER'] ?? 'redis-server';
  const child = spawn(program, ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', ''], {
    stdio: 'ignore',
  });
  const exit = once(child, 'exit').catch(() => undefined);
  try {
    await once(child, 'spawn').catch((cause: unknown) => {
      throw new Error(`There is no ${program}. Install it with "apt-get install redis-server"`, { cause });
    });
    const client = createClient({ url: `unix://${path}` });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await use({ url: `unix://${path}`, cpu: async () => cpuOf(await client.info('cpu')) });
    } finally {
      client.destroy();
    }
  } finally {
    child.kill('SIGKILL');
    await exit;
    await rm(folder, { recursive: true, force: true });
  }
}

function cpuOf(info: string): number {
  const seconds = ['user', 'sys'].map((mode) => Number(new RegExp(`^used_cpu_${mode}:(.+)$`, 'm').exec(info)?.[1]));
  return (seconds[0]! + seconds[1]!) * 1e6;
}
