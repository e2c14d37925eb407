import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../../src/testing/backplane/seeded-random';
import { RedisServer } from '../../support/redis-server';
import { ChaosClient } from './chaos-client';
import { planFaults, type Fault } from './fault-plan';
import { InstanceProcess } from './instance-process';
import type { Mode } from './mode';
import { Publisher } from './publisher';
import { PUBLISHERS, sighting } from './record';
import { broken, judge, type Verdict } from './verdict';

const TOPICS = 10;
const CLIENTS_PER_TOPIC = 4;
/** Milliseconds in which everybody is connected, and in which the last events come to everybody. */
const BEGIN_LIMIT = 30_000;
const SETTLE_LIMIT = 60_000;

export interface ChaosRunOptions {
  readonly mode: Mode;
  readonly seed: number;
  /** Milliseconds for which things go wrong. */
  readonly duration: number;
  /** Gives the run up. */
  readonly signal?: AbortSignal;
  /** Is told of the run from time to time. */
  readonly onProgress?: (progress: ChaosProgress) => void;
}

export interface ChaosProgress {
  /** From 0 to 1. */
  readonly share: number;
  readonly published: number;
  readonly received: number;
  readonly connections: number;
  readonly kills: number;
}

export interface ChaosReport extends Omit<ChaosProgress, 'share'> {
  readonly verdict: Verdict;
  /** How often an event was sent again. */
  readonly repeats: number;
  /** What makes the run a failure. Empty where everything is as promised. */
  readonly failures: readonly string[];
}

/** Starts everything, lets it go wrong, waits until it is well again, and compares. Ends whatever it started. */
export async function runChaos(options: ChaosRunOptions): Promise<ChaosReport> {
  const engine = await RedisServer.start({ isPersistent: options.mode === 'persistent' });
  const run = new ChaosRun(options, engine);
  try {
    return await run.run();
  } finally {
    await run.end();
  }
}

class ChaosRun {
  private readonly instances: readonly [InstanceProcess, InstanceProcess];
  private readonly publishers: Publisher[] = [];
  private clients: ChaosClient[] = [];
  private kills = 0;
  /** Ends every wait of the run. */
  private readonly over = new AbortController();
  private strikes: Promise<void>[] = [];
  /** Settles when Redis is up again: it is not killed while it is being started. */
  private engineIsUp: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: ChaosRunOptions,
    private readonly engine: RedisServer,
  ) {
    options.signal?.addEventListener('abort', this.giveUp, { once: true });
    this.instances = [new InstanceProcess('express', engine.url), new InstanceProcess('fastify', engine.url)];
  }

  async run(): Promise<ChaosReport> {
    const { duration, seed } = this.options;
    await Promise.all(this.instances.map((instance) => instance.start()));
    this.open();
    await this.until(() => this.clients.every(({ hasBegun }) => hasBegun), BEGIN_LIMIT);
    const ending = new AbortController();
    const publishing = Promise.all(this.publishers.map((publisher) => publisher.run(ending.signal)));
    try {
      this.strikes = planFaults(seed, duration).map((fault) => this.strike(fault));
      await Promise.all([this.pass(duration), ...this.strikes]);
    } finally {
      ending.abort();
    }
    return this.settle(publishing);
  }

  async end(): Promise<void> {
    this.giveUp();
    this.clients.forEach((client) => client.close());
    await Promise.all(this.instances.map((instance) => instance.remove()));
    // Whoever starts Redis again just now would leave it behind.
    await Promise.allSettled(this.strikes);
    await this.engine.stop();
  }

  private readonly giveUp = (): void => {
    this.over.abort(this.options.signal?.reason);
    this.publishers.forEach((publisher) => publisher.giveUp());
  };

  private open(): void {
    const { seed } = this.options;
    const urls = (): [string, string] => [this.instances[0].url, this.instances[1].url];
    let stream = 0;
    const random = (): SeededRandom => new SeededRandom(seed * 1_000 + stream++);
    for (let topic = 0; topic < TOPICS; topic++) {
      for (let number = 0; number < PUBLISHERS; number++) {
        this.publishers.push(new Publisher(topic, number, urls, random()));
      }
      for (let number = 0; number < CLIENTS_PER_TOPIC; number++) {
        const drops = number >= CLIENTS_PER_TOPIC / 2;
        this.clients.push(new ChaosClient(topic, urls, number % 2, drops ? random() : undefined));
      }
    }
  }

  private async strike({ at, what, instance, downFor }: Fault): Promise<void> {
    await this.wait(at);
    if (what === 'instance') {
      await this.killAndStart(this.instances[instance]!, downFor);
    } else {
      this.engineIsUp = this.engineIsUp.then(() => this.killAndStart(this.engine, downFor));
      await this.engineIsUp;
    }
  }

  private async killAndStart(victim: InstanceProcess | RedisServer, downFor: number): Promise<void> {
    this.over.signal.throwIfAborted();
    await victim.kill();
    this.kills++;
    await this.wait(downFor);
    await victim.start();
  }

  private wait(milliseconds: number): Promise<void> {
    return sleep(milliseconds, undefined, { signal: this.over.signal });
  }

  /** Everything is up again: the last events must come to everybody. */
  private async settle(publishing: Promise<unknown>): Promise<ChaosReport> {
    const { clients, publishers } = this;
    clients.forEach((client) => client.settle());
    const patience = setTimeout(() => publishers.forEach((publisher) => publisher.giveUp()), SETTLE_LIMIT);
    await publishing;
    await Promise.all(publishers.map((publisher) => publisher.publish()));
    clearTimeout(patience);
    const last = publishers.map(({ topic, number, count }) => ({ topic, event: sighting(number, count) }));
    const hasAll = ({ topic, seen }: ChaosClient): boolean =>
      last.every((final) => final.topic !== topic || seen.includes(final.event, -100));
    await this.until(() => clients.every(hasAll), SETTLE_LIMIT).catch(() => undefined);
    this.options.signal?.throwIfAborted();
    return this.report();
  }

  private report(): ChaosReport {
    const { clients, publishers } = this;
    const isPersistent = this.options.mode === 'persistent';
    const topics = Array.from({ length: TOPICS }, (_, topic) => {
      const own = publishers.filter((publisher) => publisher.topic === topic);
      return {
        published: own.map(({ count }) => count),
        repeated: new Set(own.flatMap(({ repeated }) => [...repeated])),
      };
    });
    const verdict = judge(topics, clients, isPersistent);
    const faults = [...clients, ...publishers].flatMap((one) => one.faults);
    const { share: _share, ...progress } = this.progress(1);
    return {
      ...progress,
      verdict,
      repeats: publishers.reduce((sum, { repeats }) => sum + repeats, 0),
      failures: [...broken(verdict, isPersistent), ...new Set(faults)],
    };
  }

  /** Waits for this time, and tells how far it is. */
  private async pass(duration: number): Promise<void> {
    const { onProgress } = this.options;
    const begin = performance.now();
    for (let passed = 0; passed < duration; passed = performance.now() - begin) {
      onProgress?.(this.progress(passed / duration));
      await this.wait(Math.min(250, duration - passed));
    }
  }

  private progress(share: number): ChaosProgress {
    const { clients, publishers, kills } = this;
    return {
      share,
      kills,
      published: publishers.reduce((sum, { count }) => sum + count, 0),
      received: clients.reduce((sum, { seen }) => sum + seen.length, 0),
      connections: clients.reduce((sum, { connections }) => sum + connections, 0),
    };
  }

  private async until(condition: () => boolean, limit: number): Promise<void> {
    for (const deadline = performance.now() + limit; !condition();) {
      if (performance.now() > deadline) {
        throw new Error(`Not within ${limit} ms: ${condition.toString()}`);
      }
      await this.wait(50);
    }
  }
}
