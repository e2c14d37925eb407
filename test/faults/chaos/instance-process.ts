import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Adapter } from '../../support/adapters';

/** Milliseconds in which an instance listens. */
const START_LIMIT = 60_000;

/** An instance of the application, in a process of its own. */
export class InstanceProcess {
  private child: ChildProcess | undefined;
  private port = 0;
  private isRemoved = false;

  constructor(
    private readonly adapter: Adapter,
    private readonly engine: string,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it, again and again where it ends: as whatever runs it in production would. Resolves when it listens. */
  async start(): Promise<void> {
    for (
      const deadline = performance.now() + START_LIMIT;
      !this.isRemoved && !(await this.listens());
      await sleep(100)
    ) {
      if (performance.now() > deadline) {
        throw new Error(`The instance on ${this.adapter} does not start`);
      }
    }
  }

  /** As by `kill -9`. Resolves when it is gone. */
  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
  }

  async remove(): Promise<void> {
    this.isRemoved = true;
    await this.kill();
  }

  private async listens(): Promise<boolean> {
    const child = fork(join(__dirname, 'instance.ts'), [this.adapter, String(this.port), this.engine], {
      execArgv: ['--require', join(__dirname, '../../support/run-typescript.js')],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.child = child;
    return new Promise((resolve) => {
      child.once('message', (port: number) => {
        this.port = port;
        resolve(true);
      });
      child.once('exit', () => resolve(false));
    });
  }
}
