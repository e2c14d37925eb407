import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeIf } from './describe-if';

const REDIS_SERVER = process.env['REDIS_SERVER'] ?? '/usr/bin/redis-server';

/** What keeps a Redis from being started on this machine, and how to get it. */
export const missingRedis = existsSync(REDIS_SERVER)
  ? undefined
  : `${REDIS_SERVER} is missing. Install the Debian package with "apt-get install redis-server", or name another one in REDIS_SERVER`;

/** `describe` for tests that start a Redis of their own. */
export function describeWithRedis(name: string, tests: () => void): void {
  describeIf(missingRedis, name, tests);
}

/** How a Redis is started. */
export interface RedisServerOptions {
  /** Whether what was acknowledged outlives `kill()`. @default true */
  readonly isPersistent?: boolean;
  /** More arguments of the program, after `--port 0`. */
  readonly args?: readonly string[];
}

const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A Redis on a Unix socket in a folder of its own: nobody else can take its address while it is away. */
export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly folder: string,
    private readonly options: RedisServerOptions,
    /** The port that it was given, if it was. */
    readonly port?: number,
  ) {}

  /** Starts one. Whoever starts it stops it. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await mkdtemp(join(tmpdir(), 'sse-redis-')), options);
    await server.start();
    return server;
  }

  /** Starts one that needs a port, besides. @param args what it is told of it. */
  static async startOnFreePort(
    files: Readonly<Record<string, string>>,
    args: (port: number) => readonly string[],
  ): Promise<RedisServer> {
    for (let attempt = 0; ; attempt++) {
      const port = await freePort();
      const options = { isPersistent: false, args: ['--bind', '127.0.0.1', ...args(port)] };
      const server = new RedisServer(await mkdtemp(join(tmpdir(), 'sse-redis-')), options, port);
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(join(server.folder, name), text);
      }
      try {
        await server.start();
        return server;
      } catch (error) {
        await server.stop();
        // Somebody else may have taken the port.
        if (attempt === 4) {
          throw error;
        }
      }
    }
  }

  /** The path of its socket. */
  get path(): string {
    return join(this.folder, 'redis.sock');
  }

  get url(): string {
    return `unix://${this.path}`;
  }

  /** Starts it again, on what it left. */
  async start(): Promise<void> {
    const { isPersistent = true, args = [] } = this.options;
    const persistence = isPersistent
      ? ['--appendonly', 'yes', '--appendfsync', 'always', '--auto-aof-rewrite-percentage', '0']
      : ['--appendonly', 'no'];
    const place = ['--dir', this.folder, '--unixsocket', this.path, '--port', '0', '--logfile', 'log'];
    await rm(this.path, { force: true });
    const child = spawn(REDIS_SERVER, ['--save', '', ...place, ...persistence, ...args], { stdio: 'ignore' });
    this.child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    await this.whenReady(child);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  /** Kills it, removes its data, and starts it. */
  async wipe(): Promise<void> {
    await this.kill();
    await rm(join(this.folder, 'appendonlydir'), { recursive: true, force: true });
    await this.start();
  }

  /** Remembers how long its log is. @returns what kills it, cuts off what came since, and starts it. */
  checkpoint(): () => Promise<void> {
    const log = join(this.folder, 'appendonlydir');
    const sizes = readdirSync(log).map((file) => [join(log, file), statSync(join(log, file)).size] as const);
    return async () => {
      await this.kill();
      for (const [file, size] of sizes) {
        truncateSync(file, size);
      }
      await this.start();
    };
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async whenReady(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (!(await this.answers())) {
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`${REDIS_SERVER} does not start; its log is ${join(this.folder, 'log')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Whether it serves; that it asks for a password is an answer, too. */
  private async answers(): Promise<boolean> {
    const socket = createConnection(this.path);
    try {
      await once(socket, 'connect');
      socket.write('PING\r\n');
      const [reply] = (await once(socket, 'data')) as [Buffer];
      return /^(\+PONG|-NOAUTH)/.test(reply.toString());
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }
}

/** A port that nobody listens on just now. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
