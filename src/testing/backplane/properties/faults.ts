import assert from 'node:assert/strict';
import { setTimeout as after } from 'node:timers/promises';
import type { Backplane } from '../../../channel/backplane';
import type { BackplaneProperty } from '../backplane-property';
import { numbered, type BackplaneScenario } from '../backplane-scenario';
import { eventually, within } from '../within';

/** An outage ends sooner or later; publications of a test are retried until then. */
const RETRY_PAUSE = 50;

/** What becomes of events when the engine, or the way to it, breaks. */
export const FAULT_PROPERTIES: readonly BackplaneProperty[] = [
  {
    number: 14,
    promise: 'the reply is lost on the way: the outcome is unknown, and a retry with the key is not doubled',
    needs: ['faults.dropReply'],
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const reader = await scenario.live(backplane, topic);
      for (const key of numbered(5)) {
        await scenario.factory.faults!.dropReply!(backplane);
        await assert.rejects(scenario.publishOne(backplane, topic, key, { key }), { code: 'SSE_OUTCOME_UNKNOWN' });
        const { position, duplicate } = await publishUntilWritten(scenario, backplane, topic, key);
        assert.equal(duplicate, true, 'the first one was written');
        const event = await reader.event();
        assert.deepEqual([event.payload, event.position], [key, position]);
      }
      await publishUntilWritten(scenario, backplane, topic, 'sentinel');
      await reader.payloads(['sentinel']);
    },
  },
  {
    number: 15,
    promise: 'the engine is killed and comes back with its data: no gap, no loss, and publish rejects meanwhile',
    needs: ['faults.kill', 'persistence'],
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const live = await scenario.live(backplane, topic);
      const lagging = await scenario.live(backplane, topic, { maxBuffered: 2 });
      const positions = await scenario.publish(backplane, topic, numbered(20));
      await live.payloads(numbered(20));
      await lagging.payloads(numbered(5));
      const watching = live.watch();
      const heal = scenario.healing(await scenario.factory.faults!.kill!());
      await eventually(scenario.limit, 'the subscriber is told that the engine is away', () =>
        live.states.includes('stale'),
      );
      await assert.rejects(scenario.publishOne(backplane, topic, 'not written'), { code: 'SSE_UNAVAILABLE' });
      await heal();
      await publishUntilWritten(scenario, backplane, topic, 'event 21');
      await watching;
      await live.payloads(['event 21']);
      assert.equal(live.states.at(-1), 'live');
      await lagging.payloads(numbered(16, 6));
      const resumed = scenario.reader(backplane, topic, { after: positions[9]! });
      await resumed.start();
      await resumed.payloads(numbered(11, 11));
    },
  },
  {
    number: 15,
    promise: 'the engine is killed while many publish: what was acknowledged is there once, in one order',
    needs: ['faults.kill', 'persistence'],
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const reader = await scenario.live(backplane, topic, { maxBuffered: 10_000 });
      const payloads = numbered(300);
      const publishing = (async () => {
        for (let index = 0; index < payloads.length; index += 10) {
          const batch = payloads.slice(index, index + 10);
          await Promise.all(batch.map((payload) => publishUntilWritten(scenario, backplane, topic, payload)));
        }
      })();
      await reader.event();
      const heal = scenario.healing(await scenario.factory.faults!.kill!());
      await heal();
      await publishing;
      const whole = scenario.reader(backplane, topic, { from: 'oldest' });
      await whole.start();
      const order: string[] = [];
      for (let count = 0; count < payloads.length; count++) {
        order.push((await whole.event()).payload);
      }
      assert.deepEqual(new Set(order), new Set(payloads), 'each is there');
      assert.equal(new Set(order).size, order.length, 'none is there twice');
      await reader.payloads(order.slice(1));
    },
  },
  {
    number: 16,
    promise: 'the engine is wiped: everyone is told, those who listened, those who lag and those who come back',
    needs: ['faults.wipe'],
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const live = await scenario.live(backplane, topic);
      const lagging = await scenario.live(backplane, topic, { maxBuffered: 1 });
      const positions = await scenario.publish(backplane, topic, numbered(10));
      await live.payloads(numbered(10));
      await scenario.factory.faults!.wipe!();
      await publishUntilWritten(scenario, backplane, topic, 'after');
      assert.equal((await live.gap()).reason, 'reset');
      await live.payloads(['after']);
      await toldBefore(lagging, 'after', 10);
      for (const position of positions) {
        const resumed = scenario.reader(backplane, topic, { after: position });
        await resumed.start();
        await resumed.gap();
        await resumed.payloads(['after']);
      }
    },
  },
  {
    number: 17,
    promise:
      'the tail is rolled back: those who have seen it, live or lagging, are told before its positions come again',
    needs: ['faults.checkpoint'],
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const live = await scenario.live(backplane, topic);
      const lagging = await scenario.live(backplane, topic, { maxBuffered: 1 });
      const kept = await scenario.publish(backplane, topic, numbered(5));
      const rollBack = await scenario.factory.faults!.checkpoint!();
      const lost = await scenario.publish(backplane, topic, numbered(5, 6));
      await live.payloads(numbered(10));
      await lagging.payloads(numbered(7));
      await rollBack();
      const again = ['again 1', 'again 2', 'again 3', 'again 4', 'again 5', 'again 6'];
      for (const payload of again) {
        await publishUntilWritten(scenario, backplane, topic, payload);
      }
      assert.equal((await live.gap()).reason, 'reset');
      await live.eventsUpTo('again 6');
      await toldBefore(lagging, 'again 6', 3);
      for (const position of lost) {
        const resumed = scenario.reader(backplane, topic, { after: position });
        await resumed.start();
        assert.equal((await resumed.gap()).reason, 'reset');
        await resumed.eventsUpTo('again 6');
      }
      const untouched = scenario.reader(backplane, topic, { after: kept[0]! });
      await untouched.start();
      await untouched.payloads(numbered(4, 2));
    },
  },
  {
    number: 18,
    promise: 'a half-open connection is found by the heartbeat: publications and deliveries go on, nothing is lost',
    needs: ['faults.halfOpen', 'another'],
    async prove(scenario) {
      const [backplane, other] = [await scenario.instance(), await scenario.another()];
      const topic = scenario.topic();
      const reader = await scenario.live(backplane, topic);
      await scenario.publish(backplane, topic, ['before']);
      await reader.payloads(['before']);
      await scenario.factory.faults!.halfOpen!(backplane);
      await scenario.publish(other, topic, ['meanwhile']);
      await reader.payloads(['meanwhile']);
      await publishUntilWritten(scenario, backplane, topic, 'after');
      await reader.payloads(['after']);
    },
  },
  {
    number: 19,
    promise: 'what was trimmed during an outage of one instance: its subscribers are told before what is left',
    needs: ['faults.isolate', 'another'],
    async prove(scenario) {
      const [backplane, other] = [await scenario.instance(), await scenario.another()];
      const topic = scenario.topic();
      const history = { maxEvents: 3, maxBytes: 1_048_576, maxAge: 300_000 };
      const reader = await scenario.live(backplane, topic);
      await scenario.publish(other, topic, ['before'], { history });
      await reader.payloads(['before']);
      const heal = scenario.healing(await scenario.factory.faults!.isolate!(backplane));
      await scenario.publish(other, topic, numbered(10), { history });
      await heal();
      assert.match((await reader.gap()).reason, /^(trimmed|overflow)$/);
      await reader.payloads(numbered(3, 8));
      await scenario.publish(other, topic, ['after'], { history });
      await reader.payloads(['after']);
    },
  },
  {
    number: 19,
    promise: 'what was not trimmed during an outage of one instance comes, without a gap',
    needs: ['faults.isolate', 'another'],
    async prove(scenario) {
      const [backplane, other] = [await scenario.instance(), await scenario.another()];
      const topic = scenario.topic();
      const reader = await scenario.live(backplane, topic);
      const heal = scenario.healing(await scenario.factory.faults!.isolate!(backplane));
      await scenario.publish(other, topic, numbered(50));
      await heal();
      await reader.payloads(numbered(50));
    },
  },
];

type Reader = ReturnType<BackplaneScenario['reader']>;

/** Retries with one key, as a publisher should that must not lose an event. */
async function publishUntilWritten(
  scenario: BackplaneScenario,
  backplane: Backplane,
  topic: string,
  payload: string,
): ReturnType<Backplane['publish']> {
  const retry = async (): ReturnType<Backplane['publish']> => {
    for (;;) {
      try {
        return await backplane.publish(topic, payload, { key: payload });
      } catch (error) {
        assert.match(String((error as { code?: unknown }).code), /^SSE_(UNAVAILABLE|OUTCOME_UNKNOWN)$/, String(error));
        await after(RETRY_PAUSE);
      }
    }
  };
  return within(scenario.limit, `publish ${payload}`, retry());
}

/** Reads on to an event, before which a gap must come; what waited already, at most so many events, may come before that. */
async function toldBefore(reader: Reader, payload: string, waiting: number): Promise<void> {
  let left = waiting;
  for (let delivery = await reader.next(); delivery?.kind !== 'gap'; delivery = await reader.next()) {
    assert.ok(delivery && left-- > 0, 'the gap comes after what waited at most');
    assert.ok(delivery.kind === 'event' && delivery.payload.startsWith('event '), 'nothing new comes before the gap');
  }
  await reader.eventsUpTo(payload);
}
