import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const HOOK = join(__dirname, '../../support/run-typescript.js');

/** A server in a process of its own, which ends at the latest when this process does. */
export class ServerProcess {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
  ) {}

  /** Starts one that counts. @param port for one that takes the place of another. @default 0, a free port */
  static async start(port = 0): Promise<ServerProcess> {
    const child = fork(join(__dirname, 'counting-server.ts'), [String(port)], { execArgv: ['--require', HOOK] });
    const [told] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [number | null];
    if (!child.connected || told === null) {
      throw new Error('The server could not be started');
    }
    return new ServerProcess(told, child);
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill('SIGKILL');
      await once(this.child, 'exit');
    }
  }
}
