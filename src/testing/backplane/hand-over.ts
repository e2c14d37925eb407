import assert from 'node:assert/strict';
import type { Backplane } from '../../channel/backplane';
import type { BackplaneScenario } from './backplane-scenario';
import type { DeliveryReader } from './delivery-reader';
import type { SeededRandom } from './seeded-random';
import { sleep, turn } from './within';

/** What goes on at once. */
export interface HandOverOptions {
  /** Where events are published and read. */
  readonly instances: readonly Backplane[];
  readonly random: SeededRandom;
  readonly events: number;
  readonly readers: number;
}

interface Seen {
  readonly position: string;
  readonly payload: string;
}

/** Keeps everything, so that no gap is ever right. */
const HISTORY = { maxEvents: 1_000_000, maxBytes: 268_435_456, maxAge: 3_600_000 };

/**
 * Publishes in the same turn, in microtasks and in later turns, while readers come, read a little and go, and come back where
 * they were or a little before. Each of them must see, from where it began, what is in the topic: all of it, once, in order.
 */
export async function handOver(scenario: BackplaneScenario, options: HandOverOptions): Promise<void> {
  const { instances, random, events, readers } = options;
  const topic = scenario.topic();
  const acknowledged: Promise<Seen>[] = [];

  const publishNext = (): void => {
    if (acknowledged.length < events) {
      const payload = `event ${acknowledged.length}`;
      acknowledged.push(
        scenario
          .publishOne(random.pick(instances), topic, payload, { history: HISTORY })
          .then(({ position }) => ({ position, payload })),
      );
    }
  };
  const mayPublish = (): void => {
    if (random.below(12) === 0) {
      publishNext();
    }
  };
  const subscribe = (after: string | undefined): DeliveryReader => {
    mayPublish();
    const maxBuffered = random.pick([1, 2, 8, 1_000]);
    const where = after === undefined ? ({ from: 'oldest' } as const) : { after };
    const reader = scenario.reader(random.pick(instances), topic, { ...where, maxBuffered });
    mayPublish();
    return reader;
  };

  const comeAndGo = async (): Promise<Seen[]> => {
    let seen: Seen[] = [];
    let position: string | undefined;
    while (seen.at(-1)?.payload !== 'last') {
      const reader = subscribe(position);
      position = await reader.start();
      mayPublish();
      for (let left = random.below(30); left > 0 && seen.at(-1)?.payload !== 'last'; left--) {
        seen.push(await reader.event());
        position = seen.at(-1)!.position;
        await pause(random);
      }
      if (random.below(2) === 0) {
        reader.leave();
      } else {
        await reader.return();
      }
      if (random.below(4) === 0 && seen.length > 0 && seen.at(-1)!.payload !== 'last') {
        seen = seen.slice(0, Math.max(1, seen.length - random.below(30)));
        position = seen.at(-1)!.position;
      }
    }
    return seen;
  };

  const publishAll = async (): Promise<void> => {
    while (acknowledged.length < events) {
      publishNext();
      await pause(random);
      if (random.below(3) === 0) {
        // So that readers come to the end, and wait there.
        await turn();
        await turn();
      }
    }
    await Promise.all(acknowledged);
    await scenario.publishOne(instances[0]!, topic, 'last', { history: HISTORY });
  };

  const [, ...seen] = await Promise.all([publishAll(), ...Array.from({ length: readers }, comeAndGo)]);
  const whole = scenario.reader(instances[0]!, topic, { from: 'oldest' });
  await whole.start();
  const order = (await whole.eventsUpTo('last')).map(({ position, payload }) => ({ position, payload }));
  const places = new Map((await Promise.all(acknowledged)).map(({ position, payload }) => [payload, position]));
  assert.equal(order.length, events + 1, 'every acknowledged event is in the topic, once');
  for (const { position, payload } of order.slice(0, -1)) {
    assert.equal(position, places.get(payload), `${payload} is where its acknowledgement said`);
  }
  for (const sequence of seen) {
    assert.deepEqual(
      sequence.map(({ position, payload }) => ({ position, payload })),
      order,
    );
  }
}

/** Lets nothing, a few promises, or whole turns of the event loop pass. */
async function pause(random: SeededRandom): Promise<void> {
  const kind = random.below(40);
  if (kind < 20) {
    return;
  }
  if (kind < 32) {
    for (let left = random.below(5); left > 0; left--) {
      await undefined;
    }
  } else if (kind < 39) {
    await turn();
  } else {
    await sleep(random.below(2));
  }
}
