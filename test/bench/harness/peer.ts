import { fork, type ChildProcess } from 'node:child_process';
import type { Answer, Calls } from './calls';

/** Milliseconds in which a call is answered. */
const CALL_LIMIT = 120_000;
/** Milliseconds in which a process ends by itself; a profile is written in this time. */
const END_LIMIT = 15_000;

const running = new Set<Peer<Calls>>();

/** A process of its own that answers calls. */
export class Peer<C extends Calls> {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private readonly exit: Promise<void>;
  private calls = 0;
  private hasExited = false;

  /** @param file a compiled file that calls `answerCalls`. */
  constructor(
    private readonly file: string,
    execArgv: readonly string[] = [],
  ) {
    this.child = fork(file, [], {
      execArgv: ['--expose-gc', ...execArgv],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    running.add(this as unknown as Peer<Calls>);
    this.child.on('message', (answer: Answer) => this.take(answer));
    this.child.on('error', (error) => this.fail(error));
    this.exit = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.hasExited = true;
        running.delete(this as unknown as Peer<Calls>);
        this.fail(new Error(`${this.file} ended with ${signal ?? code}`));
        resolve();
      });
    });
  }

  /** @throws what the call throws there, or when it is not answered in time. */
  call<K extends keyof C & string>(name: K, ...args: Parameters<C[K]>): Promise<Awaited<ReturnType<C[K]>>> {
    const number = ++this.calls;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => settle(() => reject(new Error(`${this.file} did not answer ${name} in ${CALL_LIMIT} ms`))),
        CALL_LIMIT,
      );
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        this.waiting.delete(number);
        then();
      };
      this.waiting.set(number, {
        resolve: (value) => settle(() => resolve(value as Awaited<ReturnType<C[K]>>)),
        reject: (error) => settle(() => reject(error)),
      });
      if (this.hasExited) {
        this.waiting.get(number)!.reject(new Error(`${this.file} is not running`));
      } else {
        this.child.send({ number, name, args });
      }
    });
  }

  /** Ends the process, by force where it does not end by itself. */
  async end(): Promise<void> {
    if (this.child.connected) {
      this.child.disconnect();
    }
    const force = setTimeout(() => this.child.kill('SIGKILL'), END_LIMIT);
    await this.exit;
    clearTimeout(force);
  }

  private take(answer: Answer): void {
    const call = this.waiting.get(answer.number);
    if ('error' in answer) {
      call?.reject(new Error(answer.error));
    } else {
      call?.resolve(answer.value);
    }
  }

  private fail(error: Error): void {
    for (const call of this.waiting.values()) {
      call.reject(error);
    }
  }
}

/** Ends every process that still runs. */
export async function endPeers(): Promise<void> {
  await Promise.all([...running].map((peer) => peer.end()));
}
