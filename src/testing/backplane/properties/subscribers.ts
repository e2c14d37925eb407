import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import type { BackplaneProperty } from '../backplane-property';
import { numbered } from '../backplane-scenario';
import { heapUsed } from '../heap';
import { turn, within } from '../within';

const MEGABYTE = 1_048_576;
const KEEPS_TEN = { maxEvents: 10, maxBytes: 64 * MEGABYTE, maxAge: 300_000 };

/** Those who read slowly, and those who leave. */
export const SUBSCRIBER_PROPERTIES: readonly BackplaneProperty[] = [
  {
    number: 20,
    promise: 'a slow subscriber delays nobody, its memory is bounded, and it is told what it missed',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      // One that reads its start alone, and one that does not even do that.
      const slow = await scenario.live(backplane, topic, { maxBuffered: 8 });
      const asleep = scenario.reader(backplane, topic, { maxBuffered: 8 });
      const fast = await scenario.live(backplane, topic, { maxBuffered: 8 });
      const before = await heapUsed();
      const count = 1_000;
      for (let index = 0; index < count; index++) {
        await scenario.publish(backplane, topic, [largePayload(index)], { history: KEEPS_TEN });
        await fast.payloads([largePayload(index)]);
      }
      const grown = ((await heapUsed()) - before) / MEGABYTE;
      assert.ok(grown < 32, `of ${count / 10} MB that nobody read, ${grown.toFixed(1)} MB are still held`);

      const kept = Array.from({ length: 10 }, (_, index) => largePayload(count - 10 + index));
      const gap = await slow.gap();
      assert.equal(gap.reason, 'overflow');
      await slow.payloads(kept);
      const resumed = scenario.reader(backplane, topic, { after: gap.position });
      await resumed.start();
      await resumed.payloads(kept);
      await scenario.publish(backplane, topic, ['next'], { history: KEEPS_TEN });
      for (const reader of [slow, resumed, fast]) {
        await reader.payloads(['next']);
      }
      await asleep.start();
    },
  },
  {
    number: 20,
    promise: 'a slow subscriber misses nothing that the history still has, however few wait for it',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const payloads = numbered(500);
      const readers = await Promise.all(
        [0, 1, 2, 8].map((maxBuffered) => scenario.live(backplane, topic, { maxBuffered })),
      );
      await scenario.publish(backplane, topic, payloads.slice(0, 200));
      for (const reader of readers) {
        await reader.payloads(payloads.slice(0, 100));
      }
      await scenario.publish(backplane, topic, payloads.slice(200));
      for (const reader of readers) {
        await reader.payloads(payloads.slice(100));
      }
      await scenario.publish(backplane, topic, ['next']);
      for (const reader of readers) {
        await reader.payloads(['next']);
      }
    },
  },
  {
    number: 21,
    promise: 'an abort ends a subscription wherever it is, and leaves no listener',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const [first] = await scenario.publish(backplane, topic, numbered(5));
      const untouched = scenario.reader(backplane, topic);
      const waiting = await scenario.live(backplane, topic);
      const end = waiting.end();
      await turn();
      const inHistory = scenario.reader(backplane, topic, { after: first! });
      await inHistory.start();
      await inHistory.event();
      const buffered = await scenario.live(backplane, topic);
      await scenario.publish(backplane, scenario.topic(), ['elsewhere']);
      const readers = [untouched, waiting, inHistory, buffered];
      for (const reader of readers) {
        reader.leave();
      }
      await end;
      await scenario.publish(backplane, topic, ['after the abort']);
      for (const reader of readers) {
        await reader.end();
        await reader.end();
        assertNoListener(reader.abort.signal);
      }
    },
  },
  {
    number: 21,
    promise: 'a loop that is left, and one that is left while it waits, leave no listener',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      const reader = await scenario.live(backplane, topic);
      await reader.return();
      await reader.end();
      await reader.return();
      assertNoListener(reader.abort.signal);

      const { signal } = new AbortController();
      await scenario.publish(backplane, topic, numbered(3));
      for await (const { kind } of backplane.subscribe(topic, { signal, from: 'oldest', maxBuffered: 10 })) {
        if (kind === 'event') {
          break;
        }
      }
      assertNoListener(signal);
    },
  },
  {
    number: 21,
    promise: 'a signal that aborted before: the subscription ends at once, and leaves no listener',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const signal = AbortSignal.abort();
      const deliveries = backplane.subscribe(scenario.topic(), { signal, maxBuffered: 10 })[Symbol.asyncIterator]();
      assert.equal((await within(scenario.limit, 'the end', deliveries.next())).done, true);
      assertNoListener(signal);
    },
  },
  {
    number: 21,
    promise: 'ten thousand subscriptions that came and went leave nothing',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const shared = scenario.topic();
      await scenario.publish(backplane, shared, ['kept']);
      const comeAndGo = async (from: number, to: number): Promise<void> => {
        for (let index = from; index < to; index++) {
          const abort = new AbortController();
          const topic = index % 2 ? shared : `${shared}/${index}`;
          const { signal } = abort;
          const deliveries = backplane.subscribe(topic, { signal, maxBuffered: 10 })[Symbol.asyncIterator]();
          await within(scenario.limit, 'start', deliveries.next());
          const pending = deliveries.next();
          abort.abort();
          assert.equal((await within(scenario.limit, 'the end', pending)).done, true);
          assertNoListener(signal);
        }
      };
      await comeAndGo(0, 2_000);
      const before = await heapUsed();
      await comeAndGo(2_000, 12_000);
      const grown = ((await heapUsed()) - before) / MEGABYTE;
      assert.ok(grown < 2, `10,000 subscriptions that are over still hold ${grown.toFixed(2)} MB`);
    },
  },
  {
    number: 21,
    promise: 'close ends every subscription, leaves no listener, and nothing begins after it',
    async prove(scenario) {
      const backplane = await scenario.instance();
      const topic = scenario.topic();
      await scenario.publish(backplane, topic, numbered(5));
      const waiting = await scenario.live(backplane, topic);
      const end = waiting.end();
      const untouched = scenario.reader(backplane, topic, { from: 'oldest' });
      const inHistory = scenario.reader(backplane, topic, { from: 'oldest' });
      await inHistory.start();
      await within(scenario.limit, 'close()', backplane.close());
      await end;
      for (const reader of [waiting, untouched, inHistory]) {
        await reader.end();
        assertNoListener(reader.abort.signal);
      }
      const isClosed = { code: 'SSE_CLOSED' };
      await assert.rejects(async () => backplane.publish(topic, 'late'), isClosed);
      await assert.rejects(async () => {
        const { signal } = new AbortController();
        for await (const delivery of backplane.subscribe(topic, { signal, maxBuffered: 10 })) {
          assert.fail(`a closed backplane gives no ${delivery.kind}`);
        }
      }, isClosed);
      await within(scenario.limit, 'close() once more', backplane.close());
    },
  },
];

/** A string with memory of its own: one made by `repeat` shares that of its parts. */
function largePayload(index: number): string {
  return Buffer.alloc(100_000, `${index} `).toString('latin1');
}

function assertNoListener(signal: AbortSignal): void {
  assert.equal(getEventListeners(signal, 'abort').length, 0, 'no listener is left on the signal');
}
