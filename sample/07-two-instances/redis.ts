import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds in which a Redis that was started answers. */
const START_LIMIT = 10_000;

export interface Redis {
  readonly url: string;
  /** In words, for the terminal. */
  readonly name: string;
  /** Ends it, if it was started here. */
  close(): Promise<void>;
}

/** There is no Redis, and none can be started. */
export class NoRedisError extends Error {
  constructor(reason: string) {
    super(
      `${reason} Two instances need Redis 7 or newer to reach each other. Do one of these:

  - name one that runs:          REDIS_URL=redis://localhost:6379 npm run start:two
  - install it, and start again: sudo apt-get install redis-server   (Debian, Ubuntu)
                                 brew install redis                  (macOS)
  - let Docker run everything:   docker compose -f sample/07-two-instances/compose.yaml up`,
    );
  }
}

/** The Redis that `REDIS_URL` names; without it one of our own, which forgets everything when it ends. */
export async function openRedis(): Promise<Redis> {
  const url = process.env['REDIS_URL'];
  if (url) {
    return { url, name: `Redis at ${new URL(url).host}`, close: async () => {} };
  }
  return startRedis(process.env['REDIS_SERVER'] || 'redis-server');
}

async function startRedis(program: string): Promise<Redis> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'two-instances-'));
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  // In a process group of its own: Ctrl+C in the terminal must not end it before the instances.
  const child = spawn(program, [...own, '--save', '', '--appendonly', 'no'], { stdio: 'ignore', detached: true });
  const end = (): boolean => child.kill('SIGKILL');
  process.once('exit', end);
  const gone = new Promise<string>((resolve) => {
    child.once('error', () => resolve(`"${program}" cannot be run.`));
    child.once('exit', () => resolve(`"${program}" ended as soon as it was started.`));
  });
  const deadline = performance.now() + START_LIMIT;
  while (!(await answers(port))) {
    const reason = await Promise.race([gone, sleep(20)]);
    if (reason !== undefined || performance.now() > deadline) {
      end();
      await rm(folder, { recursive: true, force: true });
      throw new NoRedisError(reason ?? `"${program}" does not answer.`);
    }
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    name: `a Redis of its own on port ${port}`,
    close: async () => {
      process.off('exit', end);
      end();
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => {
      socket.destroy();
      resolve(reply.toString().startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
