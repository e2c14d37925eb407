import assert from 'node:assert/strict';
import type { Backplane, HistoryBounds } from '../../../channel/backplane';
import type { BackplaneProperty } from '../backplane-property';
import { numbered, type BackplaneScenario } from '../backplane-scenario';
import { eventually, sleep } from '../within';

const WIDE: HistoryBounds = { maxEvents: 1_000, maxBytes: 1_048_576, maxAge: 300_000 };

/** How much of a topic is kept. */
export const RETENTION_PROPERTIES: readonly BackplaneProperty[] = [
  {
    number: 22,
    promise: 'the bound of count holds after every publication, and as many are kept',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const payloads = numbered(12);
      for (const [index, payload] of payloads.entries()) {
        await scenario.publish(backplane, topic, [payload], { history: { ...WIDE, maxEvents: 4 } });
        assert.deepEqual(await retained(scenario, backplane, topic), payloads.slice(Math.max(0, index - 3), index + 1));
      }
    },
  },
  {
    number: 22,
    promise: 'the bound of bytes holds, counted in UTF-8, and as many events are kept as fit',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const history = { ...WIDE, maxBytes: 30 };
      const nines = ['123456789', 'ééééx', '🎈🎈x', 'abcdefghi'];
      await scenario.publish(backplane, topic, nines, { history });
      assert.deepEqual(await retained(scenario, backplane, topic), nines.slice(1));
      await scenario.publish(backplane, topic, ['xyz'], { history });
      assert.deepEqual(await retained(scenario, backplane, topic), [...nines.slice(1), 'xyz']);
      await scenario.publish(backplane, topic, ['y'.repeat(22)], { history });
      assert.deepEqual(await retained(scenario, backplane, topic), ['xyz', 'y'.repeat(22)]);
    },
  },
  {
    number: 22,
    promise: 'an event larger than the bound of bytes comes live and is not kept, nor is anything before it',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const history = { ...WIDE, maxBytes: 30 };
      const live = await scenario.live(backplane, topic);
      const [first, large] = await scenario.publish(backplane, topic, ['small', 'x'.repeat(31)], { history });
      await live.payloads(['small', 'x'.repeat(31)]);
      assert.deepEqual(await retained(scenario, backplane, topic), []);
      const before = scenario.reader(backplane, topic, { after: first! });
      await before.start();
      await before.gap();
      const after = scenario.reader(backplane, topic, { after: large! });
      await after.start();
      await scenario.publish(backplane, topic, ['next'], { history });
      await before.payloads(['next']);
      await after.payloads(['next']);
    },
  },
  {
    number: 22,
    promise: 'where nothing is kept, subscribers get what comes, and whoever missed some is told',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const history = { ...WIDE, maxEvents: 0 };
      const live = await scenario.live(backplane, topic);
      const [first] = await scenario.publish(backplane, topic, numbered(3), { history });
      await live.payloads(numbered(3));
      assert.deepEqual(await retained(scenario, backplane, topic), []);
      const reader = scenario.reader(backplane, topic, { after: first! });
      await reader.start();
      assert.equal((await reader.gap()).reason, 'trimmed');
    },
  },
  {
    number: 22,
    promise: 'the bound of age holds, with and without publications; whoever missed something is told',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const history = { ...WIDE, maxAge: 2_000 };
      const start = (await scenario.live(backplane, topic)).position!;
      const [, newest] = await scenario.publish(backplane, topic, ['old', 'also old'], { history });
      assert.deepEqual(await retained(scenario, backplane, topic), ['old', 'also old']);
      await sleep(history.maxAge + 50);
      const [young] = await scenario.publish(backplane, topic, ['young'], { history });
      assert.deepEqual(await retained(scenario, backplane, topic), ['young']);
      const missed = scenario.reader(backplane, topic, { after: start });
      await missed.start();
      assert.equal((await missed.gap()).reason, 'trimmed');
      await missed.payloads(['young']);
      const complete = scenario.reader(backplane, topic, { after: newest! });
      await complete.start();
      await complete.payloads(['young']);

      await eventually(scenario.limit, 'the last event is gone, too', async () => {
        return (await retained(scenario, backplane, topic, { mayExpire: true })).length === 0;
      });
      const late = scenario.reader(backplane, topic, { after: newest! });
      await late.start();
      assert.equal((await late.gap()).reason, 'trimmed');
      const reader = scenario.reader(backplane, topic, { after: young! });
      await reader.start();
      await scenario.publish(backplane, topic, ['next'], { history });
      await reader.payloads(['next']);
    },
  },
];

/**
 * What a topic keeps: what comes from the oldest event up to the position where a new subscriber begins.
 *
 * @param options.mayExpire whether an event may reach its age while it is read; then a gap is told in its place.
 */
async function retained(
  scenario: BackplaneScenario,
  backplane: Backplane,
  topic: string,
  { mayExpire = false } = {},
): Promise<string[]> {
  const newcomer = await scenario.live(backplane, topic);
  const reader = scenario.reader(backplane, topic, { from: 'oldest' });
  await reader.start();
  const payloads: string[] = [];
  while (reader.position !== newcomer.position) {
    const delivery = mayExpire ? await reader.eventOrGap() : await reader.event();
    if (delivery.kind === 'event') {
      payloads.push(delivery.payload);
    }
  }
  newcomer.leave();
  reader.leave();
  return payloads;
}
