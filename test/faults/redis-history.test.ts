import { Logger } from '@nestjs/common';
import type { Backplane, BackplaneSubscribeOptions, HistoryBounds } from '../../src/channel/backplane';
import { redisBackplane, type RedisBackplane } from '../../src/redis/redis-backplane';
import { keysOf } from '../../src/redis/redis-keys';
import { readPosition } from '../../src/redis/redis-position';
import { PUBLISH, READ } from '../../src/redis/redis-scripts';
import { numbered } from '../../src/testing/backplane/backplane-scenario';
import { DeliveryReader } from '../../src/testing/backplane/delivery-reader';
import { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { redisCommands, type RedisCommands } from '../support/redis-commands';
import { RedisEngine } from '../support/redis-factory';
import { describeWithRedis, RedisServer } from '../support/redis-server';
import { until } from '../support/until';

jest.setTimeout(60_000);

const WIDE: HistoryBounds = { maxEvents: 1_000, maxBytes: 1_048_576, maxAge: 300_000 };

describeWithRedis('the history that the Redis backplane keeps', () => {
  let engine: RedisEngine;
  let backplane: RedisBackplane;
  let commands: RedisCommands;
  let topic: string;
  let topics = 0;
  const readers: DeliveryReader[] = [];
  const instances: Backplane[] = [];

  const open = async (): Promise<RedisBackplane> => {
    const instance = await engine.instance();
    instances.push(instance);
    return instance;
  };
  const read = async (
    options: Partial<BackplaneSubscribeOptions> = {},
    instance: Backplane = backplane,
  ): Promise<DeliveryReader> => {
    const reader = new DeliveryReader(instance, topic, { limit: 10_000, ...options });
    readers.push(reader);
    await reader.start();
    return reader;
  };
  const publish = async (payloads: readonly string[], history = WIDE, instance: Backplane = backplane) => {
    const positions: string[] = [];
    for (const payload of payloads) {
      positions.push((await instance.publish(topic, payload, { history })).position);
    }
    return positions;
  };
  const streamKey = (): string => keysOf('sse', topic).stream;
  const metaKey = (): string => keysOf('sse', topic).meta;
  /** The id that Redis has given to the entry at a position. */
  const idAt = (position: string): string => readPosition(position)!.id;
  const entries = async (): Promise<Record<string, string>[]> =>
    (await commands.xRange(streamKey(), '-', '+'))!.map(({ message }) => message);
  const untilLive = async (...all: RedisBackplane[]): Promise<void> => {
    await until(() => all.every(({ state }) => state === 'live'), 20_000);
  };
  const rollBack = async (heal: () => Promise<void>): Promise<void> => {
    await heal();
    commands.destroy();
    commands = await redisCommands(engine.server.url);
  };

  beforeAll(async () => {
    Logger.overrideLogger(false);
    engine = await RedisEngine.start();
    commands = await redisCommands(engine.server.url);
  });

  beforeEach(async () => {
    topic = `history/${topics++}`;
    backplane = await open();
  });

  afterEach(async () => {
    readers.splice(0).forEach((reader) => reader.leave());
    await Promise.all(instances.splice(0).map((instance) => instance.close()));
  });

  afterAll(async () => {
    commands?.destroy();
    await engine?.stop();
  });

  /** A page from the oldest event on, as instances read it. */
  const page = async (): Promise<(string | null)[]> =>
    commands.eval(READ.source, {
      keys: [streamKey(), metaKey()],
      arguments: ['oldest', '', '0', '0-0', '', '0', '256', '262144'],
    }) as Promise<(string | null)[]>;
  const payloadsOf = (reply: (string | null)[]): (string | null)[] =>
    reply.filter((_, index) => index > 3 && index % 3 === 2);

  it('is, after every publication, what the bounds allow, whatever they were before', async () => {
    const random = new SeededRandom(7);
    let model: string[] = [];
    let history = WIDE;
    for (let count = 0; count < 500; count++) {
      const payload = `${count} ${'é'.repeat(random.below(40))}`;
      if (random.below(10) === 0) {
        // What is above the bounds for a while is gone when somebody has read; wider ones would keep it otherwise.
        await page();
        history = { ...WIDE, maxEvents: random.below(40), maxBytes: random.below(1_500) };
      }
      await publish([payload], history);
      model.push(payload);
      const bytes = (): number => model.reduce((sum, each) => sum + Buffer.byteLength(each), 0);
      while (model.length > history.maxEvents || bytes() > history.maxBytes) {
        model = model.slice(1);
      }
      const isRead = random.below(3) === 0;
      expect(isRead ? payloadsOf(await page()) : model).toEqual(model);
      const held = await entries();
      const heldBytes = held.reduce((sum, { p = '' }) => sum + Buffer.byteLength(p), 0);
      expect(held.map(({ p }) => p).slice(held.length - model.length)).toEqual(model);
      const slack = isRead ? 0 : 1 / 4;
      expect(held.length).toBeLessThanOrEqual(history.maxEvents * (1 + slack));
      expect(heldBytes).toBeLessThanOrEqual(history.maxBytes * (1 + slack));
    }
  });

  it('is read in pages that are bounded in entries and in bytes', async () => {
    await publish(Array.from({ length: 400 }, (_, index) => `small ${index}`));
    expect(payloadsOf(await page()).length).toBe(256);

    topic = `${topic}/large`;
    const large = Array.from({ length: 20 }, () => 'x'.repeat(100_000));
    await publish(large, { ...WIDE, maxBytes: 10_000_000 });
    expect(payloadsOf(await page()).length).toBe(3);
    const reader = await read({ from: 'oldest' });
    await reader.payloads(large);
  });

  it('fills what Pub/Sub has not delivered, in order, and what is no message of ours changes nothing', async () => {
    const reader = await read();
    await publish(['event 1']);
    await reader.payloads(['event 1']);
    for (const payload of ['event 2', 'event 3']) {
      await commands.eval(PUBLISH.source, {
        keys: [streamKey(), metaKey()],
        arguments: ['00000000', ' 1000 1048576 300000 ', payload],
      });
    }
    for (const message of ['', ' ', 'garbage', 'id: 1\n\n', '0a1b2c3d.4.1-1 forged', `${'9'.repeat(10_000)} x`]) {
      await commands.publish(streamKey(), message);
    }
    await publish(['event 4']);
    await reader.payloads(numbered(3, 2));
    const [position] = await publish(['event 5']);
    expect((await reader.payloads(['event 5']))[0]!.position).toBe(position);
  });

  it('goes on when the ids of entries become longer, and shorter again', async () => {
    const positions: string[] = [];
    // Redis' clock stands still in a script: those that come together have the ids -0 to -63.
    for (const count of [1, 64, 1, 64, 1]) {
      const together = Array.from({ length: count }, () => backplane.publish(topic, 'event', { history: WIDE }));
      positions.push(...(await Promise.all(together)).map(({ position }) => position));
    }
    expect(positions.map((position) => readPosition(position)!.n)).toEqual(positions.map((_, index) => index + 1));
    expect(new Set(positions.map((position) => idAt(position).split('-')[1]!.length))).toEqual(new Set([1, 2]));
    const reader = await read({ after: positions[0]! });
    const given = await reader.payloads(Array.from({ length: 130 }, () => 'event'));
    expect(given.map(({ position }) => position)).toEqual(positions.slice(1));
    const late = await read({ after: positions.at(-1)! });
    await publish(['next']);
    await late.payloads(['next']);
  });

  it('is of each topic what its own publications say, also where they go to Redis together', async () => {
    const names = ['one', 'other', 'third'].map((name) => `${topic}/${name}`);
    const most = [0, 5, 3];
    const publishAll = (payloads: readonly string[]): Promise<unknown> =>
      Promise.all(
        payloads.flatMap((payload) =>
          names.map((name, index) =>
            backplane.publish(name, payload, { history: { ...WIDE, maxEvents: most[index]! } }),
          ),
        ),
      );
    const expectKept = async (published: readonly string[]): Promise<void> => {
      for (const [index, name] of names.entries()) {
        topic = name;
        expect(payloadsOf(await page())).toEqual(published.slice(Math.max(0, published.length - most[index]!)));
      }
    };
    const payloads = numbered(30);
    await publishAll(payloads.slice(0, 1));
    await expectKept(payloads.slice(0, 1));
    await publishAll(payloads.slice(1));
    await expectKept(payloads);
    // The last one says what is kept.
    await Promise.all(
      [5, 4, 2].map((maxEvents) => backplane.publish(topic, 'event', { history: { ...WIDE, maxEvents } })),
    );
    expect(payloadsOf(await page())).toEqual(['event', 'event']);
  });

  it('is told to be trimmed where somebody else has trimmed it', async () => {
    const positions = await publish(numbered(10));
    const live = await read();
    await commands.xTrim(streamKey(), 'MAXLEN', 4);
    const fresh = await read({ from: 'oldest' });
    await fresh.payloads(numbered(4, 7));
    const late = await read({ after: positions[2]! });
    const gap = await late.gap();
    expect(gap.reason).toMatch(/^(trimmed|reset)$/);
    await late.payloads(numbered(4, 7));
    const told = await read({ after: gap.position });
    await told.payloads(numbered(4, 7));
    const inside = await read({ after: positions[7]! });
    await inside.payloads(numbered(2, 9));
    await publish(['event 11'], { ...WIDE, maxEvents: 3 });
    await live.payloads(['event 11']);
    expect((await entries()).map(({ p }) => p)).toEqual(numbered(3, 9));
  });

  it('is told to have a hole where somebody else has removed an event', async () => {
    const positions = await publish(numbered(6));
    await commands.xDel(streamKey(), idAt(positions[3]!));
    const reader = await read({ after: positions[0]! });
    await reader.payloads(numbered(2, 2));
    expect((await reader.gap()).reason).toMatch(/^(trimmed|overflow)$/);
    await reader.payloads(numbered(2, 5));
  });

  it('is told to be gone where the stream was removed, and the topic goes on', async () => {
    const positions = await publish(numbered(3));
    const live = await read();
    await commands.del(streamKey());
    for (const after of positions.slice(0, 2)) {
      const reader = await read({ after });
      expect((await reader.gap()).reason).toMatch(/^(trimmed|reset)$/);
      const told = await read({ after: reader.position! });
      await publish(['next']);
      await reader.payloads(['next']);
      await told.payloads(['next']);
      await live.payloads(['next']);
      await commands.del(streamKey());
    }
  });

  it('is told to be another where what was known of it was removed; nothing of before comes', async () => {
    const positions = await publish(numbered(3));
    const live = await read();
    await commands.del(metaKey());
    await publish(['new 1']);
    expect((await live.gap()).reason).toBe('reset');
    await live.payloads(['new 1']);
    for (const after of positions) {
      const reader = await read({ after });
      expect((await reader.gap()).reason).toBe('reset');
      await reader.payloads(['new 1']);
    }
    expect((await entries()).length).toBe(1);
  });

  it('takes little of Redis when a topic is silent, and still tells exactly who has missed what', async () => {
    const positions = await publish(['x'.repeat(10_000), 'y'], { ...WIDE, maxAge: 1 });
    await (await read({ after: positions[0]! })).gap();
    const sizes = await Promise.all([streamKey(), metaKey()].map((key) => commands.memoryUsage(key)));
    expect(sizes.reduce<number>((sum, size) => sum + size!, 0)).toBeLessThan(1_000);
    expect(await Promise.all([streamKey(), metaKey()].map((key) => commands.pTTL(key)))).toEqual([-1, -1]);
    const tip = await read({ after: positions[1]! });
    await publish(['z']);
    await tip.payloads(['z']);
  });

  it('keeps a key as long as it was told to', async () => {
    const brief = await engine.instance({ dedupeWindow: 1_000 });
    instances.push(brief);
    const { position } = await brief.publish(topic, 'once', { key: 'key' });
    expect(await brief.publish(topic, 'once', { key: 'key' })).toEqual({ position, duplicate: true });
    const left = await commands.pTTL(keysOf('sse', topic).publication('key'));
    expect(left).toBeLessThanOrEqual(1_000);
    let again = { position, duplicate: true };
    const deadline = performance.now() + 10_000;
    while (again.duplicate && performance.now() < deadline) {
      again = await brief.publish(topic, 'twice', { key: 'key' });
    }
    expect(again.duplicate).toBe(false);
  });

  it('is in one slot of a cluster for each topic, whatever the names of topics and keys', async () => {
    const cluster = await RedisServer.startOnFreePort({}, (port) => [
      '--cluster-enabled',
      'yes',
      '--cluster-port',
      String(port),
    ]);
    const node = await redisCommands(cluster.url);
    const instance = redisBackplane({ url: cluster.url });
    instances.push(instance);
    try {
      await node.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
      await instance.start();
      await until(() => instance.state === 'live', 20_000);
      for (const name of ['plain', '{a}', '{', '}', '{}', 'a}b{c', '%7B', 'é {🎈}', 'x'.repeat(256)]) {
        topic = name;
        const reader = await read({}, instance);
        await instance.publish(topic, 'event', { key: `${name} {key}` });
        expect((await instance.publish(topic, 'event', { key: `${name} {key}` })).duplicate).toBe(true);
        await reader.payloads(['event']);
        const later = await read({ from: 'oldest' }, instance);
        await later.payloads(['event']);
        reader.leave();
        later.leave();
      }
      const twoSlots = ['a', 'b'].map((name) => instance.publish(name, 'in the same turn'));
      expect((await Promise.all(twoSlots)).map(({ duplicate }) => duplicate)).toEqual([false, false]);
    } finally {
      await instance.close();
      node.destroy();
      await cluster.stop();
    }
  });

  describe('after a rollback', () => {
    it('has one marker, however many have seen what is lost, and it is told once', async () => {
      const other = await open();
      const kept = await publish(numbered(3));
      const heal = engine.server.checkpoint();
      const [one, two] = [await read(), await read({}, other)];
      const lost = await publish(numbered(2, 4));
      await one.payloads(numbered(2, 4));
      await two.payloads(numbered(2, 4));
      await rollBack(heal);
      await untilLive(backplane, other);
      const markers = (await entries()).filter((entry) => 'r' in entry);
      expect(markers.length).toBe(1);
      await publish(['again'], WIDE, other);
      for (const reader of [one, two, await read({ after: kept[2]! }), await read({ after: lost[0]! }, other)]) {
        const gap = await reader.gap();
        expect(gap.reason).toBe('reset');
        await reader.payloads(['again']);
        const told = await read({ after: gap.position });
        await told.payloads(['again']);
      }
      const whole = await read({ from: 'oldest' });
      await whole.payloads(numbered(3));
      expect((await whole.gap()).reason).toBe('reset');
      await whole.payloads(['again']);
    });

    it('tells who comes back with a lost position, though no instance has seen it', async () => {
      await publish(numbered(3));
      const heal = engine.server.checkpoint();
      const lost = await publish(numbered(4, 4));
      await backplane.close();
      await rollBack(heal);
      backplane = await open();
      const ahead = await read({ after: lost[3]! });
      expect((await ahead.gap()).reason).toBe('reset');
      await publish(
        Array.from({ length: 6 }, (_, index) => `again ${index}`),
        { ...WIDE, maxEvents: 3 },
      );
      // Its number is now before the floor, at the floor, and among what is retained.
      for (const after of lost) {
        const reader = await read({ after });
        expect((await reader.gap()).reason).toMatch(/^(trimmed|reset)$/);
        await reader.payloads(['again 3', 'again 4', 'again 5']);
      }
      for (const after of lost.slice(2)) {
        const reader = await read({ after });
        expect((await reader.gap()).reason).toBe('reset');
      }
    });

    it('tells who lags, and those of another instance that comes back later', async () => {
      const other = await open();
      const [live, lagging] = [await read(), await read({ maxBuffered: 1 }, other)];
      await publish(numbered(3));
      const heal = engine.server.checkpoint();
      await publish(numbered(3, 4));
      await live.payloads(numbered(6));
      await lagging.payloads(numbered(1));
      const proxy = engine.proxyOf(other);
      proxy.isolate();
      await rollBack(heal);
      await untilLive(backplane);
      await publish(['again']);
      proxy.heal();
      // What had been read before comes, and nothing that was written since.
      const waited: string[] = [];
      let next = await lagging.next();
      for (; next?.kind === 'event'; next = await lagging.next()) {
        waited.push(next.payload);
      }
      expect(waited).toEqual(numbered(waited.length, 2));
      expect(next).toMatchObject({ kind: 'gap', reason: 'reset' });
      await lagging.payloads(['again']);
      expect((await live.gap()).reason).toBe('reset');
      await live.payloads(['again']);
    });
  });

  describe('with forgetAfter', () => {
    const HOUR = 3_600_000;

    it('expires as a whole, after the last publication, and what somebody reads does not', async () => {
      jest.useFakeTimers({
        doNotFake: [
          ...([
            'hrtime',
            'nextTick',
            'performance',
            'queueMicrotask',
            'Date',
            'setImmediate',
            'clearImmediate',
          ] as const),
          ...(['setTimeout', 'clearTimeout'] as const),
        ],
      });
      try {
        const forgetful = await engine.instance({ forgetAfter: HOUR, heartbeat: 24 * HOUR });
        instances.push(forgetful);
        await publish(['event'], WIDE, forgetful);
        const left = (): Promise<number[]> => Promise.all([streamKey(), metaKey()].map((key) => commands.pTTL(key)));
        for (const milliseconds of await left()) {
          expect(milliseconds).toBeGreaterThan(HOUR - 60_000);
        }
        await read({}, forgetful);
        await Promise.all([streamKey(), metaKey()].map((key) => commands.pExpire(key, 30_000)));
        jest.advanceTimersByTime(HOUR / 4);
        await forgetful.ping();
        for (const milliseconds of await left()) {
          expect(milliseconds).toBeGreaterThan(HOUR - 60_000);
        }
      } finally {
        jest.useRealTimers();
      }
    });

    it('tells whoever comes back to a topic that is forgotten, also with the place of a topic that was unused', async () => {
      const forgetful = await engine.instance({ forgetAfter: HOUR });
      instances.push(forgetful);
      const start = (await read({}, forgetful)).position!;
      const [position] = await publish(['forgotten'], WIDE, forgetful);
      await commands.del([streamKey(), metaKey()]);
      expect((await (await read({ after: position! }, forgetful)).gap()).reason).toBe('reset');
      // As it would be now if it had been given before that time.
      const { life, id } = readPosition(start)!;
      const old = `${life}.0.${Number(id.split('-')[0]) - HOUR}-0`;
      expect((await (await read({ after: old }, forgetful)).gap()).reason).toBe('reset');
      await publish(['next'], WIDE, forgetful);
      const late = await read({ after: old }, forgetful);
      expect((await late.gap()).reason).toBe('reset');
      await late.payloads(['next']);
      const young = await read({ after: start }, forgetful);
      await young.payloads(['next']);
    });
  });
});
