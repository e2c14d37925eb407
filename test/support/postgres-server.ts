import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { describeIf } from './describe-if';

/** Where Debian puts each version's programs. */
const DEBIAN = '/usr/lib/postgresql';
/** Debian's own user, and one that every Unix has: PostgreSQL refuses to run as root. */
const USERS = ['postgres', 'nobody'];

const bin = findPrograms();

const missing =
  bin === undefined
    ? `PostgreSQL is missing. Install the Debian package with "apt-get install postgresql", or name the folder of initdb and postgres in POSTGRES_BIN`
    : undefined;

/** `describe` for tests on a real PostgreSQL. */
export function describeWithPostgres(name: string, tests: () => void): void {
  describeIf(missing, name, tests);
}

/** What `pg` is told to connect to a server. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** Starts a new server, with its data in a temporary folder. Whoever starts it stops it. */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  if (missing !== undefined) {
    throw new Error(missing);
  }
  const server = new PostgresServer(await freePort(), settings);
  await server.start();
  return server;
}

/** A PostgreSQL of the test's own: on a free port of the loopback address, its data and its socket in a temporary folder. */
export class PostgresServer {
  private readonly folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  private readonly user = unprivileged();
  private process: ChildProcess | undefined;
  private log = '';
  private readonly undertaker: ChildProcess;

  constructor(
    readonly port: number,
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    this.undertaker = startUndertaker(this.folder);
    if (this.user !== undefined) {
      chownSync(this.folder, this.user.uid, this.user.gid);
    }
    this.initialize();
  }

  private initialize(): void {
    const made = spawnSync(
      join(bin!, 'initdb'),
      ['-D', this.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'],
      { ...this.user, cwd: this.folder, encoding: 'utf8' },
    );
    if (made.status !== 0) {
      throw new Error(`initdb failed: ${made.stderr}`);
    }
  }

  /** How `pg` reaches it. */
  get address(): PostgresAddress {
    return { host: '127.0.0.1', port: this.port, user: 'postgres', database: 'postgres' };
  }

  /** How any program reaches it. */
  get url(): string {
    return `postgresql://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** Starts it on the data that it has, after `kill()` for example; it answers when this is done. */
  async start(limit = 30_000): Promise<void> {
    const deadline = performance.now() + limit;
    for (;;) {
      if (this.process === undefined) {
        this.launch();
      }
      if (await this.answers()) {
        return;
      }
      if (performance.now() > deadline) {
        throw new Error(`PostgreSQL did not start within ${limit} ms: ${this.log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** `kill -9` of the server and of each of its processes: nobody says goodbye. */
  async kill(): Promise<void> {
    const server = this.process;
    if (server === undefined) {
      return;
    }
    const gone = new Promise((resolve) => {
      server.once('close', resolve);
    });
    const workers = childrenOf(server.pid!);
    for (const pid of [server.pid!, ...workers]) {
      signal(pid, 'SIGKILL');
    }
    await gone;
  }

  /** Kills it, and starts it with no data. */
  async wipe(): Promise<void> {
    await this.kill();
    rmSync(this.data, { recursive: true });
    this.initialize();
    await this.start();
  }

  /** Copies its data while it runs. @returns what kills it and starts it on that copy. */
  async checkpoint(): Promise<() => Promise<void>> {
    const copy = join(this.folder, 'copy');
    const args = ['-h', '127.0.0.1', '-p', String(this.port), '-U', 'postgres', '-D', copy, '-c', 'fast', '--no-sync'];
    await promisify(execFile)(join(bin!, 'pg_basebackup'), args, { ...this.user, cwd: this.folder });
    return async () => {
      await this.kill();
      rmSync(this.data, { recursive: true });
      renameSync(copy, this.data);
      await this.start();
    };
  }

  /** Stops it and lets its data go. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    this.undertaker.stdin!.end();
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  private launch(): void {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.port),
      unix_socket_directories: this.folder,
      max_connections: '100',
      shared_buffers: '16MB',
      // A process that dies takes nothing with it that the kernel has; only a machine would.
      fsync: 'off',
      full_page_writes: 'off',
      ...this.settings,
    };
    const server = spawn(
      join(bin!, 'postgres'),
      ['-D', this.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...this.user, cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.process = server;
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.log = (this.log + text).slice(-2_000);
    });
    server.on('error', (error) => {
      this.log += error.message;
    });
    server.once('close', () => {
      this.process = undefined;
    });
  }

  private async answers(): Promise<boolean> {
    const client = new Client({ ...this.address, connectionTimeoutMillis: 1_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** Waits until this process is gone, however it went, a kill by Jest included; then nothing of the server is left. */
function startUndertaker(folder: string): ChildProcess {
  const script = 'cat; kill -9 "$(head -n 1 "$0/data/postmaster.pid")"; sleep 1; rm -rf "$0"';
  const undertaker = spawn('sh', ['-c', script, folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  undertaker.unref();
  (undertaker.stdin as Socket).unref();
  return undertaker;
}

/** The uid and gid to run as, where this process is root's. */
function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) {
    return undefined;
  }
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const account = USERS.map((user) => accounts.find(([name]) => name === user)).find((found) => found !== undefined);
  return { uid: Number(account![2]), gid: Number(account![3]) };
}

function findPrograms(): string | undefined {
  const named = process.env['POSTGRES_BIN'];
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = named !== undefined ? [named] : versions.map((version) => join(DEBIAN, version, 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** Below the ports that the kernel gives to clients, so that nobody takes it while the server is down. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const probe = createServer()
        .once('error', () => resolve(false))
        .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (isFree) {
      return port;
    }
  }
}

/** Each process whose parent is this one. */
function childrenOf(parent: number): number[] {
  return (existsSync('/proc') ? readdirSync('/proc') : [])
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        // The command, in parentheses, may have any character; the parent is the second field after it.
        return Number(/.*\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]) === parent;
      } catch {
        return false;
      }
    })
    .map(Number);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has gone already.
  }
}
