import { setTimeout as sleep } from 'node:timers/promises';
import type { Backplane } from '../../src/channel/backplane';
import { redisBackplane } from '../../src/redis/redis-backplane';
import { readPosition } from '../../src/redis/redis-position';
import type { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { NAME, type ScheduleEngine } from './channel-schedule';
import type { RedisServer } from './redis-server';
import { ScheduleRecord } from './schedule-record';
import { TcpProxy } from './tcp-proxy';

const INSTANCES = 2;
/** Milliseconds until a connection is found that carries nothing any more, and until a command is given up. */
const HEARTBEAT = 200;
const COMMAND_TIMEOUT = 1_000;

/** Two instances that reach one Redis through a proxy each. */
export class RedisScheduleEngine implements ScheduleEngine {
  readonly instances = INSTANCES;
  readonly hasStrangers = false;
  readonly record: ScheduleRecord;
  private readonly proxies: TcpProxy[] = [];
  /** Milliseconds of the clock at which each era ended. */
  private readonly ends: number[] = [];
  private rollBack: (() => Promise<void>) | undefined;
  /** What is being done to the server. */
  private work: Promise<void> = Promise.resolve();
  private isAtWork = false;

  /** @param prefix no other schedule has it. */
  constructor(
    private readonly server: RedisServer,
    private readonly prefix: string,
  ) {
    this.record = new ScheduleRecord((id, during) => {
      const { n, id: entry } = readPosition(id)!;
      const at = Number(entry.split('-')[0]);
      return { n, era: n === 0 ? during : this.ends.filter((end) => at > end).length };
    });
  }

  async start(): Promise<void> {
    for (let number = 0; number < INSTANCES; number++) {
      this.proxies.push(await TcpProxy.start({ target: this.server.path }));
    }
  }

  async stop(): Promise<void> {
    await this.work;
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }

  async open(number: number): Promise<Backplane> {
    const backplane = this.backplane(`redis://127.0.0.1:${this.proxies[number]!.port}`);
    const publish = backplane.publish.bind(backplane);
    backplane.publish = async (topic, payload, options) => {
      const published = await publish(topic, payload, options);
      this.record.log(topic.slice(NAME.length + 1), published.position, payload, this.record.era);
      return published;
    };
    await backplane.start();
    return backplane;
  }

  readonly faults = [
    (random: SeededRandom) =>
      this.begin(async () => {
        await this.server.kill();
        await sleep(random.below(40));
        await this.server.start();
      }),
    () =>
      this.begin(async () => {
        await this.server.kill();
        this.endEra(() => -1);
        await this.server.wipe();
      }),
    () => {
      if (!this.isAtWork) {
        this.rollBack = this.server.checkpoint();
      }
    },
    (random: SeededRandom) => {
      const { rollBack } = this;
      if (rollBack) {
        this.begin(() => this.lose(rollBack, random));
      }
    },
    (random: SeededRandom) => random.pick(this.proxies).breakAll(),
    (random: SeededRandom) => random.pick(this.proxies).halfOpen(),
    (random: SeededRandom) => random.pick(this.proxies).isolate(),
    (random: SeededRandom) => random.pick(this.proxies).heal(),
    (random: SeededRandom) => {
      random.pick(this.proxies).delay = random.pick([0, 0, 1, 5, 20]);
    },
  ];

  async heal(): Promise<void> {
    await this.work;
    for (const proxy of this.proxies) {
      proxy.delay = 0;
      proxy.heal();
    }
  }

  pause(random: SeededRandom): Promise<void> {
    const time = random.pick([-1, -1, 0, 0, 0, 1, 2, 10]);
    return time < 0 ? Promise.resolve() : sleep(time);
  }

  private backplane(url: string): ReturnType<typeof redisBackplane> {
    return redisBackplane({ url, prefix: this.prefix, heartbeat: HEARTBEAT, commandTimeout: COMMAND_TIMEOUT });
  }

  /** Does something to the server while the schedule goes on, unless something is being done to it. */
  private begin(fault: () => Promise<void>): void {
    if (!this.isAtWork) {
      this.isAtWork = true;
      this.work = fault().finally(() => {
        this.isAtWork = false;
      });
    }
  }

  /** Rolls the server back, and looks what is left before anybody comes back to it. */
  private async lose(rollBack: () => Promise<void>, random: SeededRandom): Promise<void> {
    const left = new Map<string, number>();
    this.proxies.forEach((proxy) => proxy.isolate());
    await this.server.kill();
    this.endEra((topic) => left.get(topic) ?? 0);
    await rollBack();
    const direct = this.backplane(this.server.url);
    await direct.start();
    for (const topic of this.record.names) {
      const abort = new AbortController();
      for await (const { kind, ...start } of direct.subscribe(`${NAME}/${topic}`, {
        signal: abort.signal,
        maxBuffered: 1,
      })) {
        left.set(topic, kind === 'start' ? readPosition((start as { position: string }).position)!.n : 0);
        break;
      }
      abort.abort();
    }
    await direct.close();
    for (const proxy of random.next() < 0.5 ? this.proxies : this.proxies.toReversed()) {
      proxy.heal();
      await sleep(random.pick([0, 0, 20, 60]));
    }
  }

  private endEra(survives: (topic: string) => number): void {
    this.rollBack = undefined;
    this.ends.push(Date.now());
    this.record.endEra(survives);
  }
}
