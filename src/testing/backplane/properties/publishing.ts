import assert from 'node:assert/strict';
import { numbered } from '../backplane-scenario';
import type { BackplaneProperty } from '../backplane-property';
import { POSITION } from '../delivery-reader';
import { SeededRandom } from '../seeded-random';
import { turn } from '../within';
import { ODD_PAYLOADS, ODD_TOPICS, randomPayload } from './odd-strings';

/** What `publish` answers, and what becomes of a payload. */
export const PUBLISHING_PROPERTIES: readonly BackplaneProperty[] = [
  {
    number: 1,
    promise: 'each acknowledgement names one position, and it is where the event is',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const acknowledged = new Map<string, string>();
      for (let round = 0; round < 5; round++) {
        const payloads = numbered(20, round * 20);
        await Promise.all(
          payloads.map(async (payload) => {
            const { position, duplicate } = await scenario.publishOne(backplane, topic, payload);
            assert.match(position, POSITION);
            assert.equal(duplicate, false);
            acknowledged.set(position, payload);
          }),
        );
      }
      assert.equal(acknowledged.size, 100, 'no two acknowledgements have the same position');
      const reader = scenario.reader(backplane, topic, { from: 'oldest' });
      await reader.start();
      for (let count = 0; count < 100; count++) {
        const { position, payload } = await reader.event();
        assert.equal(acknowledged.get(position), payload, 'what was acknowledged there');
        acknowledged.delete(position);
      }
    },
  },
  {
    number: 1,
    promise: 'an acknowledgement does not wait for subscribers',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      for (const maxBuffered of [1, 1_000]) {
        await scenario.live(backplane, topic, { maxBuffered });
        scenario.reader(backplane, topic, { maxBuffered });
      }
      await scenario.publish(backplane, topic, numbered(200));
      await scenario.publish(backplane, scenario.topic(), numbered(50));
    },
  },
  {
    number: 2,
    promise: 'positions strictly increase, whatever happens in other topics',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const [one, other] = [scenario.topic(), scenario.topic()];
      const payloads = numbered(30);
      const positions: string[] = [];
      for (const payload of payloads) {
        positions.push(...(await scenario.publish(backplane, one, [payload])));
        await scenario.publish(backplane, other, [payload]);
      }
      assert.equal(new Set(positions).size, positions.length);
      // A position is where it is if what comes after it comes after it.
      for (const [index, after] of positions.entries()) {
        const reader = scenario.reader(backplane, one, { after });
        await reader.start();
        const events = await reader.payloads(payloads.slice(index + 1));
        assert.deepEqual(
          events.map(({ position }) => position),
          positions.slice(index + 1),
        );
        reader.leave();
      }
    },
  },
  {
    number: 3,
    promise: 'all subscribers see one order, whenever they came',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const random = new SeededRandom(3);
      const readers = [];
      const published: Promise<unknown>[] = [];
      for (const payload of numbered(200)) {
        published.push(scenario.publishOne(backplane, topic, payload));
        if (random.below(20) === 0) {
          await turn();
          const reader = await scenario.live(backplane, topic, { maxBuffered: 1 + random.below(50) });
          readers.push(reader);
        }
      }
      await Promise.all(published);
      await scenario.publishOne(backplane, topic, 'last');
      const whole = scenario.reader(backplane, topic, { from: 'oldest' });
      await whole.start();
      const order = (await whole.eventsUpTo('last')).map(({ position, payload }) => `${position} ${payload}`);
      assert.equal(order.length, 201);
      assert.ok(readers.length > 3);
      for (const reader of readers) {
        const seen = (await reader.eventsUpTo('last')).map(({ position, payload }) => `${position} ${payload}`);
        assert.deepEqual(seen, order.slice(order.length - seen.length));
      }
    },
  },
  {
    number: 13,
    promise: 'the same key at once: one event, and everyone gets its position',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const reader = await scenario.live(backplane, topic);
      for (const key of ['order/42', '__proto__', 'constructor', 'k'.repeat(256), 'ключ 🗝']) {
        const answers = await Promise.all(
          Array.from({ length: 25 }, (_, index) => scenario.publishOne(backplane, topic, `${key} ${index}`, { key })),
        );
        const written = answers.findIndex(({ duplicate }) => !duplicate);
        assert.equal(answers.filter(({ duplicate }) => !duplicate).length, 1, 'one of them is written');
        assert.equal(new Set(answers.map(({ position }) => position)).size, 1, 'all name one position');
        const event = await reader.event();
        assert.deepEqual([event.position, event.payload], [answers[0]!.position, `${key} ${written}`]);
        const later = await scenario.publishOne(backplane, topic, 'again', { key });
        assert.deepEqual([later.position, later.duplicate], [event.position, true]);
      }
      await scenario.publish(backplane, topic, ['sentinel']);
      await reader.payloads(['sentinel']);
    },
  },
  {
    number: 13,
    promise: 'the same key in another topic, another key, or none: an event of its own',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const keys: [string, string | undefined][] = [
        [topic, 'bc'],
        [`${topic}/other`, 'bc'],
        [`${topic}b`, 'c'],
        [`${topic}bc`, ''],
        [topic, 'bcd'],
        [topic, undefined],
        [topic, undefined],
      ];
      const positions = new Set<string>();
      for (const [name, key] of keys) {
        const options = key === undefined || key === '' ? {} : { key };
        const { position, duplicate } = await scenario.publishOne(backplane, name, 'the same', options);
        assert.equal(duplicate, false);
        positions.add(`${name} ${position}`);
      }
      assert.equal(positions.size, keys.length);
    },
  },
  {
    number: 23,
    promise: 'payload fidelity: what was published comes, live and from the history',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const random = new SeededRandom(23);
      const payloads = [...ODD_PAYLOADS, ...Array.from({ length: 100 }, () => randomPayload(random))];
      const live = await scenario.live(backplane, topic);
      await scenario.publish(backplane, topic, payloads);
      await live.payloads(payloads);
      const later = scenario.reader(backplane, topic, { from: 'oldest' });
      await later.start();
      await later.payloads(payloads);
    },
  },
  {
    number: 23,
    promise: 'payload fidelity: one megabyte of characters of every length in UTF-8',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const history = { maxEvents: 10, maxBytes: 16_777_216, maxAge: 300_000 };
      const unit = 'aé€🎈\n';
      const large = unit.repeat(Math.ceil(1_048_576 / Buffer.byteLength(unit)));
      const live = await scenario.live(backplane, topic);
      await scenario.publish(backplane, topic, [large, 'small', large], { history });
      await live.payloads([large, 'small', large]);
      const later = scenario.reader(backplane, topic, { from: 'oldest' });
      await later.start();
      await later.payloads([large, 'small', large]);
    },
  },
  {
    number: 23,
    promise: 'topics of any name are kept apart',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const base = scenario.topic();
      const topics = ODD_TOPICS.map((name) => base + name);
      const readers = await Promise.all(topics.map((topic) => scenario.live(backplane, topic)));
      for (const topic of topics) {
        await scenario.publish(backplane, topic, [`live in ${topic}`]);
      }
      for (const [index, reader] of readers.entries()) {
        await reader.payloads([`live in ${topics[index]}`]);
        await scenario.publish(backplane, reader.topic, ['sentinel']);
        await reader.payloads(['sentinel']);
        const later = scenario.reader(backplane, reader.topic, { from: 'oldest' });
        await later.start();
        await later.payloads([`live in ${topics[index]}`, 'sentinel']);
      }
    },
  },
];
