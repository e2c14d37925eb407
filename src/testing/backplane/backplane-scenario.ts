import { randomUUID } from 'node:crypto';
import type { Backplane, BackplanePublishOptions, Position, Published } from '../../channel/backplane';
import type { BackplaneFactory, Heal } from './backplane-factory';
import { DeliveryReader, type ReaderOptions } from './delivery-reader';
import { within } from './within';

/** One test's instances, topics and subscriptions; all of them are gone at its end. */
export class BackplaneScenario {
  private readonly instances: Backplane[] = [];
  private readonly readers: DeliveryReader[] = [];
  private readonly heals: Heal[] = [];
  private readonly name = `conformance/${randomUUID()}`;
  private topics = 0;

  constructor(
    readonly factory: BackplaneFactory,
    /** Milliseconds that a step may take. */
    readonly limit: number,
  ) {}

  /** An instance of the engine. */
  async instance(): Promise<Backplane> {
    return this.own(await this.factory.create());
  }

  /** One more instance on the same engine. */
  async another(): Promise<Backplane> {
    return this.own(await this.factory.another!());
  }

  /** An instance of another engine. */
  async unrelated(): Promise<Backplane> {
    return this.own(await this.factory.unrelated!());
  }

  /** The name of a topic that nobody has used. */
  topic(name = ''): string {
    return `${this.name}/${this.topics++}${name}`;
  }

  /** Subscribes. The subscription ends with the test. */
  reader(backplane: Backplane, topic: string, options: Partial<ReaderOptions> = {}): DeliveryReader {
    const reader = new DeliveryReader(backplane, topic, { limit: this.limit, ...options });
    this.readers.push(reader);
    return reader;
  }

  /** Subscribes from now on: when this settles, the subscription stands. */
  async live(backplane: Backplane, topic: string, options: Partial<ReaderOptions> = {}): Promise<DeliveryReader> {
    const reader = this.reader(backplane, topic, options);
    await reader.start();
    return reader;
  }

  /** Publishes payloads one after the other. */
  async publish(
    backplane: Backplane,
    topic: string,
    payloads: readonly string[],
    options?: BackplanePublishOptions,
  ): Promise<Position[]> {
    const positions: Position[] = [];
    for (const payload of payloads) {
      positions.push((await this.publishOne(backplane, topic, payload, options)).position);
    }
    return positions;
  }

  async publishOne(
    backplane: Backplane,
    topic: string,
    payload: string,
    options?: BackplanePublishOptions,
  ): Promise<Published> {
    return within(this.limit, `publish to ${topic}`, backplane.publish(topic, payload, options));
  }

  /** Sees to it that a fault is healed, at the end of the test at the latest. */
  healing(heal: Heal): Heal {
    let healed: Promise<void> | undefined;
    const once: Heal = () => (healed ??= within(this.limit, 'the engine to be reachable again', heal()));
    this.heals.push(once);
    return once;
  }

  async dispose(): Promise<void> {
    for (const reader of this.readers) {
      reader.leave();
    }
    for (const heal of this.heals) {
      await heal();
    }
    for (const instance of this.instances) {
      await within(this.limit, 'close()', instance.close());
    }
  }

  private own(instance: Backplane): Backplane {
    this.instances.push(instance);
    return instance;
  }
}

/** Payloads that tell themselves apart: `event 1`, `event 2`, … */
export function numbered(count: number, first = 1): string[] {
  return Array.from({ length: count }, (_, index) => `event ${first + index}`);
}
