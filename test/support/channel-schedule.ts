import { Logger } from '@nestjs/common';
import { DEFAULT_HISTORY, type Backplane, type HistoryBounds } from '../../src/channel/backplane';
import { SseOutcomeUnknownError, SseUnavailableError } from '../../src/channel/backplane.error';
import { topicName } from '../../src/channel/names';
import { SseChannel } from '../../src/channel/sse-channel';
import { TimerWheel } from '../../src/stream/timer-wheel';
import { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { PASSES, ScheduleClient } from './schedule-client';
import type { ScheduleRecord } from './schedule-record';

/** An engine that several instances share, and what can go wrong with it. */
export interface ScheduleEngine {
  /** What there was in it. Faults that lose something end an era. */
  readonly record: ScheduleRecord;
  /** How many instances there are. */
  readonly instances: number;
  /** Whether other programs write to it, too. */
  readonly hasStrangers: boolean;
  /** Starts an instance, which has its number's way to the engine. */
  open(number: number): Promise<Backplane>;
  /** What may go wrong. Each says when it has begun to; none takes longer than the schedule may wait. */
  readonly faults: readonly ((random: SeededRandom) => Promise<void> | void)[];
  /** Sets everything right. */
  heal(): Promise<void>;
  /** Lets a moment pass. */
  pause(random: SeededRandom): Promise<void>;
}

/** How much there is of everything. */
export interface ScheduleSize {
  readonly steps: number;
  readonly clients: number;
  readonly topics: number;
  /** In how many schedules, from 0 to 1, more is published at once than anybody holds. */
  readonly bursts: number;
  /** Milliseconds in which the last events must come to everybody. */
  readonly limit: number;
}

interface Instance {
  backplane: Backplane;
  channel: SseChannel<number>;
}

/** The channel's. */
export const NAME = 'numbers';

/** The first schedule and their number: those given, or `SCHEDULES="1000 500"`, to look for what few of them find. */
export function schedulesOf(usual: string): [first: number, count: number] {
  return (process.env['SCHEDULES'] ?? usual).split(' ').map(Number) as [number, number];
}

/** More than a loop that does not read, or a subscription that does not keep up, holds. */
const BURST = 1_200;

/** Runs a schedule that the seed decides on. @returns what went wrong, in words. */
export async function runSchedule(engine: ScheduleEngine, seed: number, size: ScheduleSize): Promise<string[]> {
  const schedule = new ChannelSchedule(engine, new SeededRandom(seed), size);
  try {
    await schedule.open();
    await schedule.run();
    return await schedule.settle();
  } finally {
    await schedule.close();
  }
}

/** Instances, clients that come and go, publishers, and faults, one step after the other. */
class ChannelSchedule {
  private readonly wheel = new TimerWheel();
  private readonly instances: Instance[] = [];
  private readonly clients: ScheduleClient[] = [];
  private readonly history: HistoryBounds;
  /** How often more is still to be published at once than anybody holds. */
  private bursts: number;
  /** Whether clients come and go faster than an engine can answer. */
  private readonly flickers: boolean;
  /** What goes wrong in this schedule. */
  private readonly possible: ScheduleEngine['faults'];
  private readonly pending = new Set<Promise<void>>();
  /** Publications whose outcome is not known. */
  private unwritten: { topic: string; value: number; key: string }[] = [];
  private repeatable: { topic: string; value: number; key: string }[] = [];
  private readonly faults: string[] = [];
  private value = 0;

  constructor(
    private readonly engine: ScheduleEngine,
    private readonly random: SeededRandom,
    private readonly size: ScheduleSize,
  ) {
    this.history = { ...DEFAULT_HISTORY, maxEvents: random.pick([0, 1, 2, 5, 20, 20, 1_000, 1_000]) };
    this.bursts = random.next() < size.bursts ? 2 : 0;
    const share = random.pick([0.3, 1, 1, 1]);
    this.flickers = random.next() < 0.25;
    this.possible = engine.faults.filter(() => random.next() < share);
  }

  async open(): Promise<void> {
    for (let number = 0; number < this.engine.instances; number++) {
      this.instances[number] = await this.instance(number);
    }
    for (let number = 0; number < this.size.clients; number++) {
      this.clients.push(this.client(number));
    }
  }

  async run(): Promise<void> {
    const { engine, random } = this;
    for (let step = 0; step < this.size.steps; step++) {
      const dice = random.next();
      if (dice < 0.25) {
        this.publish();
      } else if (dice < 0.27) {
        this.publishSeveral();
      } else if (dice < 0.3) {
        this.repeat();
      } else if (dice < 0.31 && engine.hasStrangers) {
        this.publishNonsense();
      } else if (dice < 0.43) {
        this.move();
      } else if (dice < 0.65) {
        random.pick(this.clients).receive(random.pick([1, 1, 2, 5, 50, 5_000]));
      } else if (dice < 0.68 && this.possible.length > 0 && step < this.size.steps * 0.8) {
        await random.pick(this.possible)(random);
      } else if (dice < 0.7 && this.flickers) {
        await this.flicker();
      } else if (dice >= 0.7 && dice < 0.703) {
        await this.restart();
      } else {
        await engine.pause(random);
      }
    }
  }

  /** Sets everything right, publishes a last event to each topic, and waits for it. */
  async settle(): Promise<string[]> {
    const { clients, engine } = this;
    const { record } = engine;
    await engine.heal();
    await this.until(() => this.pending.size === 0);
    for (let left = this.unwritten.length; left > 0; left = this.unwritten.length) {
      await this.attempt(this.unwritten.pop()!);
      if (this.unwritten.length === left) {
        // One that is not back yet.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    const tips = new Map(this.topics.map((topic) => [topic, record.tip(topic)]));
    const isBehind = (client: ScheduleClient): boolean =>
      this.takes(client) && !client.isFiltered && record.numberOf(client) < tips.get(client.topic)!;
    await this.until(() => !clients.some(isBehind));
    for (const client of clients.filter(isBehind)) {
      this.faults.push(`${client.name} of ${client.topic} is at ${client.lastId}, and hears nothing more`);
    }
    const finales = new Map<string, string>();
    for (const topic of this.topics) {
      const { id } = await this.instances[0]!.channel.publish(PASSES, { topic, key: `finale ${topic}` });
      finales.set(topic, id);
    }
    await this.until(() =>
      clients.every((client) => this.takes(client) && client.lastId === finales.get(client.topic)),
    );
    return [...this.faults, ...clients.flatMap(({ faults }) => faults), ...record.problems(clients, finales)];
  }

  async close(): Promise<void> {
    this.clients.forEach((client) => client.leave());
    await Promise.all(this.instances.map(({ backplane }) => backplane.close({ drain: 0 })));
    await Promise.all(this.pending);
    await nextTurn();
    const left = this.instances.flatMap(({ channel }) => [...channel.subscribers()]);
    if (left.length > 0 || this.wheel.size > 0) {
      throw new Error(`There are subscribers left: ${JSON.stringify(left)}, ${this.wheel.size}`);
    }
  }

  private get topics(): string[] {
    return Array.from({ length: this.size.topics }, (_, index) => `topic${index}`);
  }

  private async instance(number: number): Promise<Instance> {
    const backplane = await this.engine.open(number);
    const definition = { name: NAME, validate: undefined, history: this.history };
    const logger = new Logger();
    return { backplane, channel: new SseChannel<number>(definition, { backplane, wheel: this.wheel, logger }) };
  }

  private client(number: number): ScheduleClient {
    const { random } = this;
    const traits = {
      topic: random.pick(this.topics),
      from: random.next() < 0.2 ? ('oldest' as const) : ('tip' as const),
      isFiltered: random.next() < 0.3,
      isLoop: random.next() < 0.5,
    };
    const name = `client ${number} (${[traits.isLoop ? 'loop' : 'frames', traits.isFiltered && 'filtered', traits.from].filter(Boolean).join(', ')})`;
    return new ScheduleClient({ ...traits, name }, this.engine.record, random);
  }

  /** A client comes, goes, or does both at once. */
  private move(): void {
    const client = this.random.pick(this.clients);
    if (client.isConnected && this.random.next() < 0.5) {
      client.leave();
    } else {
      client.connect(this.random.pick(this.instances).channel);
      client.receive(this.random.pick([0, 1, 5_000]));
    }
  }

  /** Everybody leaves a topic, and one of them comes and goes faster than an engine can answer. */
  private async flicker(): Promise<void> {
    const { engine, random } = this;
    const { topic } = random.pick(this.clients);
    const there = this.clients.filter((client) => client.topic === topic);
    there.forEach((client) => client.leave());
    const client = random.pick(there);
    const { channel } = random.pick(this.instances);
    const isPatient = random.next() < 0.5;
    for (let left = random.below(5); left >= 0; left--) {
      client.connect(channel);
      client.receive(5_000);
      if (isPatient) {
        await engine.pause(random);
      }
      if (left > 0) {
        client.leave();
      }
      if (isPatient) {
        await engine.pause(random);
      }
    }
  }

  private publish(topic = this.random.pick(this.topics)): void {
    const value = this.value++;
    if (this.random.next() < 0.6) {
      void this.attempt({ topic, value, key: `key ${value}` });
    } else {
      void this.attempt({ topic, value });
    }
  }

  private publishSeveral(): void {
    const topic = this.random.pick(this.topics);
    const isBurst = this.bursts > 0 && this.random.next() < 0.5;
    this.bursts -= isBurst ? 1 : 0;
    for (let left = isBurst ? BURST : this.random.pick([3, 10, 30]); left > 0; left--) {
      this.publish(topic);
    }
  }

  private repeat(): void {
    const from = this.random.next() < 0.7 && this.unwritten.length > 0 ? this.unwritten : this.repeatable;
    if (from.length > 0) {
      const [publication] = from.splice(this.random.below(from.length), 1);
      void this.attempt(publication!);
    }
  }

  private publishNonsense(): void {
    const topic = this.random.pick(this.topics);
    const { history } = this;
    const payload = this.random.pick(['nonsense', 'data: 1\n\nid: 1\ndata: 2\n\n', '']);
    const { backplane } = this.random.pick(this.instances);
    this.track(backplane.publish(topicName(NAME, topic), payload, { history }));
  }

  private attempt(publication: { topic: string; value: number; key?: string }): Promise<void> {
    const { topic, value, key } = publication;
    return this.track(
      this.random
        .pick(this.instances)
        .channel.publish(value, { topic, ...(key !== undefined && { key }) })
        .then(
          () => {
            if (key !== undefined && this.random.next() < 0.1) {
              this.repeatable.push({ topic, value, key });
            }
          },
          (error: unknown) => {
            if (key !== undefined) {
              this.unwritten.push({ topic, value, key });
            }
            throw error;
          },
        ),
    );
  }

  private track(work: Promise<unknown>): Promise<void> {
    const tracked = work
      .then(() => undefined)
      .catch((error: unknown) => {
        if (
          !(error instanceof SseUnavailableError) &&
          !(error instanceof SseOutcomeUnknownError) &&
          (error as { code?: string }).code !== 'SSE_CLOSED'
        ) {
          this.faults.push((error as Error).stack!);
        }
      })
      .finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
    return tracked;
  }

  /** An instance ends, and another one takes its place. */
  private async restart(): Promise<void> {
    const number = this.random.below(this.instances.length);
    await this.instances[number]!.backplane.close({ drain: 0 });
    this.instances[number] = await this.instance(number);
  }

  /** Sees to it that a client is there and reads. */
  private takes(client: ScheduleClient): true {
    if (!client.isConnected) {
      client.connect(this.random.pick(this.instances).channel);
    }
    client.receive(5_000);
    return true;
  }

  private async until(condition: () => boolean): Promise<boolean> {
    const deadline = performance.now() + this.size.limit;
    for (let turn = 0; !condition(); turn++) {
      if (performance.now() > deadline) {
        return false;
      }
      await (turn < 200 ? nextTurn() : new Promise((resolve) => setTimeout(resolve, 2)));
    }
    return true;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
