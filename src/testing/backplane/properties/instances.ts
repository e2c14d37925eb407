import assert from 'node:assert/strict';
import type { BackplaneProperty } from '../backplane-property';
import { numbered } from '../backplane-scenario';
import { handOver } from '../hand-over';
import { SeededRandom } from '../seeded-random';
import { within } from '../within';

/** What several instances of one engine have in common. */
export const INSTANCE_PROPERTIES: readonly BackplaneProperty[] = [
  {
    number: 3,
    promise: 'the subscribers of all instances see one order, whoever published',
    needs: ['another'],
    async prove(scenario) {
      const instances = [await scenario.instance(), await scenario.another(), await scenario.another()];
      const topic = scenario.topic();
      const readers = await Promise.all(instances.map((instance) => scenario.live(instance, topic)));
      await Promise.all(
        numbered(150).map((payload, index) => scenario.publishOne(instances[index % 3]!, topic, payload)),
      );
      await scenario.publishOne(instances[0]!, topic, 'last');
      const [order, ...others] = await Promise.all(readers.map((reader) => reader.eventsUpTo('last')));
      assert.equal(order!.length, 151);
      for (const other of others) {
        assert.deepEqual(other, order);
      }
    },
  },
  {
    number: 4,
    promise: 'delivery across instances, in every direction',
    needs: ['another'],
    async prove(scenario) {
      const instances = [await scenario.instance(), await scenario.another(), await scenario.another()];
      const topic = scenario.topic();
      const readers = await Promise.all(instances.map((instance) => scenario.live(instance, topic)));
      for (const [index, instance] of instances.entries()) {
        const [position] = await scenario.publish(instance, topic, [`from instance ${index}`]);
        for (const reader of readers) {
          const event = await reader.event();
          assert.deepEqual([event.payload, event.position], [`from instance ${index}`, position]);
        }
      }
    },
  },
  {
    number: 5,
    promise: 'resume on another instance: exactly what is missing, and the same gap',
    needs: ['another'],
    async prove(scenario) {
      const [one, other] = [await scenario.instance(), await scenario.another()];
      const topic = scenario.topic();
      const history = { maxEvents: 3, maxBytes: 1_048_576, maxAge: 300_000 };
      const start = (await scenario.live(one, topic)).position!;
      const positions = await scenario.publish(one, topic, numbered(5), { history });
      for (const [after, missing] of [...positions.entries()].slice(1).map(([index, id]) => [id, index + 1] as const)) {
        const reader = scenario.reader(other, topic, { after });
        await reader.start();
        await reader.payloads(numbered(5).slice(missing));
        reader.leave();
      }
      const late = scenario.reader(other, topic, { after: start });
      await late.start();
      assert.equal((await late.gap()).reason, 'trimmed');
      await late.payloads(numbered(3, 3));
    },
  },
  ...[51, 52, 53].map((seed): BackplaneProperty => ({
    number: 5,
    promise: `resume on any instance while all publish: none lost, none doubled (schedule ${seed})`,
    needs: ['another'],
    async prove(scenario) {
      const instances = [await scenario.instance(), await scenario.another()];
      await handOver(scenario, { instances, random: new SeededRandom(seed), events: 300, readers: 15 });
    },
  })),
  {
    number: 13,
    promise: 'the same key at once on two instances: one event',
    needs: ['another'],
    async prove(scenario) {
      const instances = [await scenario.instance(), await scenario.another()];
      const topic = scenario.topic();
      const reader = await scenario.live(instances[0]!, topic);
      for (const key of numbered(10)) {
        const answers = await Promise.all(
          [0, 1, 0, 1].map((index) => scenario.publishOne(instances[index]!, topic, key, { key })),
        );
        assert.equal(answers.filter(({ duplicate }) => !duplicate).length, 1);
        assert.equal(new Set(answers.map(({ position }) => position)).size, 1);
      }
      await reader.payloads(numbered(10));
      await scenario.publish(instances[1]!, topic, ['sentinel']);
      await reader.payloads(['sentinel']);
    },
  },
  {
    number: 24,
    promise:
      'an instance is killed while it publishes: what it acknowledged is there, a retry elsewhere is not doubled',
    needs: ['spawn'],
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const reader = await scenario.live(backplane, topic, { maxBuffered: 10_000 });
      const killed = await scenario.factory.spawn!();
      const payloads = numbered(200);
      const acknowledged = new Map<string, string>();
      const publications = payloads.map(async (payload) => {
        try {
          acknowledged.set(payload, (await killed.publish(topic, payload, { key: payload })).position);
        } catch {
          // It may have been written, or not.
        }
      });
      await Promise.race(publications);
      await within(scenario.limit, 'the end of the process', killed.kill());
      await within(scenario.limit, 'an answer or an error for each publication', Promise.all(publications));

      for (const payload of payloads) {
        const { position, duplicate } = await scenario.publishOne(backplane, topic, payload, { key: payload });
        const known = acknowledged.get(payload);
        if (known !== undefined) {
          assert.deepEqual(
            { position, duplicate },
            { position: known, duplicate: true },
            `${payload} was acknowledged`,
          );
        }
      }
      const seen = new Set<string>();
      while (seen.size < payloads.length) {
        const { payload } = await reader.event();
        assert.ok(!seen.has(payload), `${payload} came twice`);
        seen.add(payload);
      }
      await scenario.publish(backplane, topic, ['sentinel']);
      await reader.payloads(['sentinel']);
    },
  },
];
