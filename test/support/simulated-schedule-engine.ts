import type { Backplane, BackplaneSubscribeOptions, Delivery } from '../../src/channel/backplane';
import { SseUnavailableError } from '../../src/channel/backplane.error';
import type { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { NAME, type ScheduleEngine } from './channel-schedule';
import { ScheduleRecord } from './schedule-record';
import { positionOf, SimulatedBackplane, SimulatedEngine } from './simulated-engine';

/** An instance that is far from its engine: what comes is on its way for a while, and nothing begins while it is away. */
class DistantBackplane extends SimulatedBackplane {
  constructor(
    private readonly distant: SimulatedEngine,
    private readonly random: SeededRandom,
  ) {
    super(distant);
  }

  override subscribe(topic: string, options: BackplaneSubscribeOptions): AsyncIterable<Delivery> {
    return this.carry(super.subscribe(topic, options));
  }

  private async *carry(deliveries: AsyncIterable<Delivery>): AsyncGenerator<Delivery> {
    await hops(this.random);
    if (!this.distant.isUp || this.isCut || this.isHalfOpen) {
      throw new SseUnavailableError('away');
    }
    for await (const delivery of deliveries) {
      await hops(this.random);
      yield delivery;
    }
  }
}

/** Two instances on a simulated engine. */
export class SimulatedScheduleEngine implements ScheduleEngine {
  readonly instances = 2;
  readonly hasStrangers = true;
  readonly record: ScheduleRecord;
  private readonly engine = new SimulatedEngine();
  private readonly opened: DistantBackplane[] = [];
  /** The lives of the engine, in order. */
  private readonly lives = [this.engine.life];
  private rollBack: { readonly tips: ReadonlyMap<string, number>; run(): Promise<void> } | undefined;

  constructor(private readonly random: SeededRandom) {
    this.record = new ScheduleRecord((id) => {
      const [, life, n] = /-L(\d+)\.(\d+)$/.exec(id)!;
      return { n: Number(n), era: this.lives.indexOf(Number(life)) };
    });
    this.engine.listeners.add((topic, entry) => {
      this.record.log(topic.slice(NAME.length + 1), positionOf(topic, entry), entry.payload, this.record.era);
    });
  }

  async open(number: number): Promise<Backplane> {
    const backplane = new DistantBackplane(this.engine, this.random);
    this.opened[number] = backplane;
    await backplane.start();
    return backplane;
  }

  readonly faults = [
    () => this.power(!this.engine.isUp),
    (random: SeededRandom) => this.spoil(random, (instance) => (instance.isCut = !instance.isCut)),
    (random: SeededRandom) => this.spoil(random, (instance) => (instance.isHalfOpen = !instance.isHalfOpen)),
    (random: SeededRandom) => this.spoil(random, (instance) => (instance.losesReply = true)),
    () => {
      this.engine.wipe();
      this.endEra(() => -1);
    },
    () => {
      const tips = new Map(Array.from(this.engine.topics, ([name, { tip }]) => [name, tip.n]));
      this.rollBack = { tips, run: this.engine.checkpoint() };
    },
    async () => {
      if (this.rollBack) {
        const { run, tips } = this.rollBack;
        const rolledBack = run();
        this.endEra((topic) => tips.get(`${NAME}/${topic}`) ?? 0);
        await rolledBack;
      }
    },
  ];

  async heal(): Promise<void> {
    for (const instance of this.opened) {
      Object.assign(instance, { isCut: false, isHalfOpen: false, losesReply: false });
    }
    this.power(true);
  }

  pause(random: SeededRandom): Promise<void> {
    return hop(random);
  }

  private power(isUp: boolean): void {
    this.engine.isUp = isUp;
    this.engine.changed();
  }

  private spoil(random: SeededRandom, how: (instance: DistantBackplane) => void): void {
    how(random.pick(this.opened));
    this.engine.changed();
  }

  private endEra(survives: (topic: string) => number): void {
    this.rollBack = undefined;
    this.lives.push(this.engine.life);
    this.record.endEra(survives);
  }
}

async function hops(random: SeededRandom): Promise<void> {
  for (let left = random.pick([0, 0, 1, 2, 4]); left > 0; left--) {
    await hop(random);
  }
}

/** Until the next promise, the next tick, or the next turn. */
function hop(random: SeededRandom): Promise<void> {
  const dice = random.next();
  if (dice < 0.6) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    (dice < 0.8 ? process.nextTick : setImmediate)(resolve);
  });
}
