import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { BehaviorSubject, firstValueFrom, filter } from 'rxjs';

/** Milliseconds in which an instance that is stopped ends by itself. */
const PATIENCE = 7_000;

export type InstanceState = 'starting' | 'running' | 'stopping' | 'stopped';

/** What a page is told of an instance. */
export interface InstanceStatus {
  readonly name: string;
  readonly state: InstanceState;
}

/** One instance: a process that is started, stopped and started again. */
export class Instance {
  state: InstanceState = 'stopped';
  /** Where it listens while it runs. */
  port = 0;
  private child: ChildProcess | undefined;

  constructor(
    readonly name: string,
    private readonly redisUrl: string,
    private readonly onChange: () => void,
  ) {}

  start(): void {
    if (this.child) {
      return;
    }
    const env = { ...process.env, REDIS_URL: this.redisUrl, INSTANCE: this.name };
    const child = fork(join(__dirname, 'instance'), { env, detached: true });
    this.child = child;
    this.enter('starting');
    child.once('message', (port: number) => {
      this.port = port;
      this.enter('running');
    });
    child.once('exit', () => {
      this.child = undefined;
      this.enter('stopped');
    });
  }

  /** As a deployment does: its streams are told to come back, and it ends when they are gone. */
  stop(): void {
    if (this.child) {
      this.enter('stopping');
      this.child.kill('SIGTERM');
    }
  }

  /** As a crash does. */
  kill(): void {
    this.child?.kill('SIGKILL');
  }

  /** Stops it, by force where it does not end by itself. Resolves when it is gone. */
  async end(): Promise<void> {
    if (this.child) {
      const gone = once(this.child, 'exit');
      this.stop();
      const force = setTimeout(() => this.kill(), PATIENCE);
      await gone;
      clearTimeout(force);
    }
  }

  private enter(state: InstanceState): void {
    this.state = state;
    this.onChange();
  }
}

/** The instances, and what becomes of them. */
@Injectable()
export class Instances implements OnModuleDestroy {
  readonly all: readonly Instance[];
  readonly statuses$: BehaviorSubject<readonly InstanceStatus[]>;
  private requests = 0;

  constructor(redisUrl: string) {
    this.all = ['a', 'b'].map((name) => new Instance(name, redisUrl, () => this.statuses$.next(this.statuses)));
    this.statuses$ = new BehaviorSubject(this.statuses);
  }

  /** The next one that runs: requests go to all of them in turn. */
  next(): Instance | undefined {
    const running = this.all.filter(({ state }) => state === 'running');
    return running[this.requests++ % running.length];
  }

  /** Starts all, and resolves when they run. */
  async start(): Promise<void> {
    this.all.forEach((instance) => instance.start());
    const settled = this.statuses$.pipe(filter((all) => all.every(({ state }) => state !== 'starting')));
    const statuses = await firstValueFrom(settled);
    if (statuses.some(({ state }) => state !== 'running')) {
      throw new Error('An instance could not be started; what it said is above');
    }
  }

  /** Before the server waits for its connections to end: those that were passed on end with their instance. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.all.map((instance) => instance.end()));
  }

  private get statuses(): readonly InstanceStatus[] {
    return this.all.map(({ name, state }) => ({ name, state }));
  }
}
