import type { Delivery } from '../../src/channel/backplane';
import { positionAt } from '../../src/redis/redis-position';
import { RedisSubscription } from '../../src/redis/redis-subscription';
import { entryOf, type RedisEntry, type RedisPage, type RedisTopic } from '../../src/redis/redis-topic';

const LIFE = 'abcdefgh';
const entry = (n: number): RedisEntry => entryOf(positionAt(LIFE, n, `${n}-0`), `event ${n}`);
const page = (from: number, ...entries: number[]): RedisPage => ({
  verdict: 'known',
  from: positionAt(LIFE, from, `${from}-0`),
  entries: entries.map(entry),
  isLast: true,
});

/** A topic whose pages come when the test wants it. */
class ScriptedTopic {
  readonly listening = Promise.resolve();
  private readonly asked: ((page: RedisPage) => void)[] = [];

  get reads(): number {
    return this.asked.length;
  }

  read(): Promise<RedisPage> {
    return new Promise((resolve) => this.asked.push(resolve));
  }

  answer(next: RedisPage): void {
    this.asked.shift()!(next);
  }
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('a subscription to a topic in Redis', () => {
  it('reads again after an outage that began when its page had come but was not taken yet', async () => {
    const topic = new ScriptedTopic();
    let isUp = true;
    const signal = new AbortController();
    const subscription = new RedisSubscription(
      {
        join: () => topic as unknown as RedisTopic,
        leave: () => undefined,
        isUp: () => isUp,
        isClosed: () => false,
      },
      { signal: signal.signal, maxBuffered: 10 },
    );
    const given: Delivery[] = [];
    const reading = (async () => {
      for await (const delivery of subscription) {
        given.push(delivery);
      }
    })();
    await settle();
    topic.answer(page(1));
    isUp = false;
    subscription.onDown();
    await settle();
    // Published while nobody listened.
    isUp = true;
    subscription.onUp();
    await settle();
    expect(topic.reads).toBe(1);
    topic.answer(page(1, 2, 3));
    await settle();
    subscription.receive(entry(4));
    await settle();
    const events = given.filter(({ kind }) => kind === 'event');
    expect(events).toEqual(
      [2, 3, 4].map((n) => ({ kind: 'event', position: entry(n).at.text, payload: `event ${n}` })),
    );
    signal.abort();
    await reading;
  });
});
