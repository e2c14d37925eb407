import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';

/** How much of a program's output is kept. */
const MAX_OUTPUT = 4_000;

const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A program that a browser consists of: its output is kept, and it ends with the tests. */
export class Program {
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;

  /** The last that it wrote. */
  output = '';

  private fault: string | undefined;

  private constructor(
    readonly path: string,
    private readonly child: ChildProcess,
  ) {
    running.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output = (this.output + chunk.toString()).slice(-MAX_OUTPUT);
      });
    }
    this.ended = new Promise((resolve) => {
      const end = (fault: string): void => {
        running.delete(child);
        this.fault ??= fault;
        resolve();
      };
      child.once('error', (error) => end(`${path} cannot be started: ${error.message}`));
      child.once('exit', (code, signal) => end(`${path} has ended with ${signal ?? `code ${code}`}`));
    });
  }

  static start(path: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Program {
    return new Program(path, spawn(path, args, { env, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  get hasEnded(): boolean {
    return this.fault !== undefined;
  }

  /** Says why it cannot be used, with its last output. */
  async failure(what: string): Promise<Error> {
    // Its connections end a moment before it does.
    await this.hasEndedWithin(1_000);
    return new Error(`${what}: ${this.fault ?? `${this.path} still runs`}. Its last output:\n${this.output}`);
  }

  /** Reads again and again until there is a value. Rejects where the program ends first, and where it takes too long. */
  async until<T>(read: () => Promise<T | undefined> | T | undefined, what: string, limit = 30_000): Promise<T> {
    const deadline = performance.now() + limit;
    for (;;) {
      const value = await read();
      if (value !== undefined) {
        return value;
      }
      if (this.hasEnded) {
        throw await this.failure(what);
      }
      if (performance.now() > deadline) {
        throw await this.failure(`${what} within ${limit} ms`);
      }
      await setTimeout(20);
    }
  }

  /** Ends it: as a person does, and by force where it does not follow. */
  async end(patience = 5_000): Promise<void> {
    if (this.hasEnded) {
      return;
    }
    this.child.kill('SIGTERM');
    if (!(await this.hasEndedWithin(patience))) {
      this.child.kill('SIGKILL');
      await this.ended;
    }
  }

  /** Resolves when it has ended by itself, and ends it where it does not do so in time. */
  async untilEnded(patience = 10_000): Promise<void> {
    await this.hasEndedWithin(patience);
    await this.end();
  }

  private async hasEndedWithin(milliseconds: number): Promise<boolean> {
    const late = new AbortController();
    await Promise.race([this.ended, setTimeout(milliseconds, undefined, late).catch(() => undefined)]);
    late.abort();
    return this.hasEnded;
  }
}
