import assert from 'node:assert/strict';
import type { GapReason } from '../../../channel/backplane';
import type { BackplaneProperty } from '../backplane-property';
import { numbered } from '../backplane-scenario';
import { POSITION } from '../delivery-reader';
import { handOver } from '../hand-over';
import { SeededRandom } from '../seeded-random';
import { hostileIds } from './hostile-ids';

const FIVE = numbered(5);
const KEEPS_THREE = { maxEvents: 3, maxBytes: 1_048_576, maxAge: 300_000 };

const handOverProperty = (seed: number): BackplaneProperty => ({
  number: 6,
  promise: `publishing during the hand-over: none lost, none doubled (schedule ${seed})`,
  async prove(scenario) {
    const backplane = await scenario.instance();
    await handOver(scenario, { instances: [backplane], random: new SeededRandom(seed), events: 400, readers: 20 });
  },
});

/** Where a subscriber goes on that comes with a position, or with something that should be one. */
export const RESUMING_PROPERTIES: readonly BackplaneProperty[] = [
  ...[1, 2, 3, 4, 5].map(handOverProperty),
  {
    number: 7,
    promise: 'resume at the tip: nothing, and then what comes',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const positions = await scenario.publish(backplane, topic, FIVE);
      const reader = scenario.reader(backplane, topic, { after: positions[4]! });
      assert.equal(await reader.start(), positions[4]);
      const next = scenario.reader(backplane, topic);
      assert.equal(await next.start(), positions[4], 'the tip is the position of the newest event');
      await scenario.publish(backplane, topic, ['next']);
      await reader.payloads(['next']);
      await next.payloads(['next']);
    },
  },
  {
    number: 7,
    promise: 'resume at the tip of a topic whose events are all gone: nothing is lost in silence',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const history = { maxEvents: 0, maxBytes: 0, maxAge: 1 };
      const positions = await scenario.publish(backplane, topic, FIVE, { history });
      const tip = scenario.reader(backplane, topic, { after: positions[4]! });
      await tip.start();
      const before = scenario.reader(backplane, topic, { after: positions[3]! });
      await before.start();
      assert.equal((await before.gap()).reason, 'trimmed');
      await scenario.publish(backplane, topic, ['next'], { history });
      await before.payloads(['next']);
      const next = await tip.next();
      if (next?.kind === 'gap' && !backplane.capabilities.exactGaps) {
        await tip.payloads(['next']);
      } else {
        assert.deepEqual(next && { ...next, position: '' }, { kind: 'event', payload: 'next', position: '' });
      }
    },
  },
  {
    number: 8,
    promise: 'resume after `start` with no event received: everything since then',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const used = scenario.topic();
      await scenario.publish(backplane, used, ['before']);
      for (const topic of [used, scenario.topic()]) {
        const first = scenario.reader(backplane, topic);
        const after = await first.start();
        first.leave();
        await scenario.publish(backplane, topic, FIVE);
        for (let time = 0; time < 2; time++) {
          const reader = scenario.reader(backplane, topic, { after });
          assert.equal(await reader.start(), after);
          await reader.payloads(FIVE);
        }
      }
    },
  },
  {
    number: 8,
    promise: 'from the oldest: everything retained, and its `start` is before that',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      await scenario.publish(backplane, topic, FIVE, { history: KEEPS_THREE });
      const first = scenario.reader(backplane, topic, { from: 'oldest' });
      const after = await first.start();
      await first.payloads(FIVE.slice(2));
      const reader = scenario.reader(backplane, topic, { after });
      await reader.start();
      await reader.payloads(FIVE.slice(2));
    },
  },
  {
    number: 9,
    promise: 'the anchor was just trimmed: no gap, for nothing after it is missing',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const positions = await scenario.publish(backplane, topic, FIVE, { history: KEEPS_THREE });
      const reader = scenario.reader(backplane, topic, { after: positions[1]! });
      assert.equal(await reader.start(), positions[1]);
      await reader.payloads(FIVE.slice(2));
    },
  },
  {
    number: 10,
    promise: 'an older anchor: a gap before any event, then everything retained, then what comes',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const beginning = await scenario.live(backplane, topic);
      const start = beginning.position!;
      const positions = await scenario.publish(backplane, topic, FIVE, { history: KEEPS_THREE });
      for (const after of [start, positions[0]!]) {
        const reader = scenario.reader(backplane, topic, { after });
        await reader.start();
        const gap = await reader.gap();
        assert.equal(gap.reason, 'trimmed');
        assert.equal(gap.from, after);
        await reader.payloads(FIVE.slice(2));
        await scenario.publish(backplane, topic, ['next']);
        await reader.eventsUpTo('next');
      }
    },
  },
  {
    number: 11,
    promise: 'a malformed or future id: a gap, no crash, bounded work',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      let [, , tip] = await scenario.publish(backplane, topic, numbered(3));
      const live = await scenario.live(backplane, topic);
      for (const after of hostileIds(() => tip!, new SeededRandom(11))) {
        const reader = scenario.reader(backplane, topic, { after });
        await reader.start();
        const gap = await reader.gap();
        if (!POSITION.test(after)) {
          assert.equal(gap.reason, 'invalid', `an id that is none: ${JSON.stringify(after.slice(0, 100))}`);
          assert.equal(gap.from, undefined, 'it is not handed on');
        }
        [tip] = await scenario.publish(backplane, topic, ['sentinel']);
        while ((await reader.event()).position !== tip) {
          // What is retained may come first.
        }
        reader.leave();
        await live.payloads(['sentinel']);
      }
    },
  },
  {
    number: 11,
    promise: 'what is no id gets nothing old: it begins as a new client does',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const [, , tip] = await scenario.publish(backplane, topic, numbered(3));
      const reader = scenario.reader(backplane, topic, { after: 'not / an id' });
      await reader.start();
      assert.deepEqual(await reader.gap(), { kind: 'gap', reason: 'invalid', position: tip });
      await scenario.publish(backplane, topic, ['next']);
      await reader.payloads(['next']);
    },
  },
  {
    number: 12,
    promise: "another topic's id: a gap before any event",
    async prove(scenario) {
      const backplane = await scenario.instance();
      const [topic, other] = [scenario.topic(), scenario.topic()];
      await scenario.publish(backplane, topic, FIVE);
      const foreign = await scenario.publish(backplane, other, numbered(10));
      await scenario.publish(backplane, topic, ['tip']);
      for (const after of foreign) {
        const reader = scenario.reader(backplane, topic, { after });
        await reader.start();
        assertOneOf((await reader.gap()).reason, ['invalid', 'reset']);
        await scenario.publish(backplane, topic, ['next']);
        await reader.eventsUpTo('next');
      }
    },
  },
  {
    number: 12,
    promise: 'an id of an earlier life: a gap, then everything retained of this one',
    needs: ['unrelated'],
    async prove(scenario) {
      const [backplane, earlier] = [await scenario.instance(), await scenario.unrelated()];
      const topic = scenario.topic();
      const start = (await scenario.live(earlier, topic)).position!;
      const positions = await scenario.publish(earlier, topic, numbered(8));
      await scenario.publish(backplane, topic, FIVE);
      for (const after of [start, ...positions]) {
        const reader = scenario.reader(backplane, topic, { after });
        await reader.start();
        assertOneOf((await reader.gap()).reason, ['reset', 'trimmed']);
        await reader.payloads(FIVE);
        reader.leave();
      }
    },
  },
  {
    number: 25,
    promise: 'a gap is not told twice to whoever resumes from its position, whichever its reason was',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const positions = await scenario.publish(backplane, topic, FIVE, { history: KEEPS_THREE });
      for (const after of [positions[0]!, 'not / an id', '~end']) {
        const first = scenario.reader(backplane, topic, { after });
        await first.start();
        const { reason, position } = await first.gap();
        const second = scenario.reader(backplane, topic, { after: position });
        assert.equal(await second.start(), position);
        await second.payloads(reason === 'trimmed' ? FIVE.slice(2) : []);
        first.leave();
        second.leave();
      }
      const told = scenario.reader(backplane, topic, { after: positions[0]! });
      await told.start();
      await told.gap();
      const { position } = await told.event();
      told.leave();
      const third = scenario.reader(backplane, topic, { after: position });
      await third.start();
      await third.payloads(FIVE.slice(3));
    },
  },
  {
    number: 25,
    promise: 'a gap is not told twice while nothing was published since, nor after more was',
    needs: ['unrelated'],
    async prove(scenario) {
      const [backplane, earlier] = [await scenario.instance(), await scenario.unrelated()];
      for (const retained of [[], FIVE]) {
        const topic = scenario.topic();
        await scenario.publish(backplane, topic, retained);
        const [old] = await scenario.publish(earlier, topic, ['of an earlier life']);
        const first = scenario.reader(backplane, topic, { after: old! });
        await first.start();
        const { position } = await first.gap();
        first.leave();
        const second = scenario.reader(backplane, topic, { after: position });
        await second.start();
        await scenario.publish(backplane, topic, ['next']);
        await second.payloads([...retained, 'next']);
        const third = scenario.reader(backplane, topic, { after: position });
        await third.start();
        await third.payloads([...retained, 'next']);
      }
    },
  },
];

function assertOneOf(reason: GapReason, reasons: readonly GapReason[]): void {
  assert.ok(reasons.includes(reason), `the gap is ${reasons.join(' or ')}, not ${reason}`);
}
