import { Logger } from '@nestjs/common';
import { Client, Pool, type PoolConfig } from 'pg';
import { postgresBackplane, type PostgresBackplane } from '../../src/postgres/postgres-backplane';
import type { PostgresBackplaneOptions } from '../../src/postgres/postgres-backplane-options';
import { numbered } from '../../src/testing/backplane/backplane-scenario';
import { DeliveryReader } from '../../src/testing/backplane/delivery-reader';
import { eventually, within } from '../../src/testing/backplane/within';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres-server';

const LIMIT = 20_000;

describeWithPostgres('the connections of the PostgreSQL backplane', () => {
  let server: PostgresServer;
  /** The test's own way to the server. */
  let admin: Pool;
  const pools: Pool[] = [];
  const backplanes: PostgresBackplane[] = [];
  const readers: DeliveryReader[] = [];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await startPostgres({ fsync: 'on', full_page_writes: 'on' });
    admin = new Pool({ ...server.address, application_name: 'test' });
    admin.on('error', () => undefined);
  }, 60_000);

  afterEach(async () => {
    readers.splice(0).forEach((reader) => reader.leave());
    await Promise.all(backplanes.splice(0).map((backplane) => backplane.close()));
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });

  afterAll(async () => {
    await admin.end();
    await server.stop();
  });

  const poolOf = (options: PoolConfig = {}): Pool => {
    const pool = new Pool({ ...server.address, application_name: 'backplane', ...options });
    // The backplane hears what idle connections say; when it is closed, the application does.
    pools.push(pool);
    return pool;
  };
  const make = (pool: Pool, options: Partial<PostgresBackplaneOptions> = {}): PostgresBackplane => {
    const backplane = postgresBackplane({ pool, heartbeat: 300, commandTimeout: 1_000, ...options });
    backplanes.push(backplane);
    return backplane;
  };
  const start = async (
    pool = poolOf(),
    options: Partial<PostgresBackplaneOptions> = {},
  ): Promise<PostgresBackplane> => {
    const backplane = make(pool, options);
    await backplane.start();
    return backplane;
  };
  const live = async (backplane: PostgresBackplane, topic: string): Promise<DeliveryReader> => {
    const reader = new DeliveryReader(backplane, topic, { limit: LIMIT });
    readers.push(reader);
    await reader.start();
    return reader;
  };
  const untilWritten = async (backplane: PostgresBackplane, topic: string, payload: string): Promise<void> => {
    await eventually(LIMIT, `${payload} is published`, () =>
      backplane.publish(topic, payload, { key: payload }).then(
        () => true,
        (error: { code?: string }) => {
          expect(error.code).toMatch(/^SSE_(UNAVAILABLE|OUTCOME_UNKNOWN)$/);
          return false;
        },
      ),
    );
  };
  const pids = async (): Promise<number[]> => {
    const { rows } = await admin.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'backplane'`,
    );
    return rows.map(({ pid }) => pid);
  };

  it.each([1, 2])(
    'may be terminated again and again while many publish: nothing is lost or doubled (%i)',
    async (run) => {
      const [one, other] = [await start(), await start()];
      const topic = `terminated ${run}`;
      const received = await Promise.all([one, other].map((backplane) => live(backplane, topic)));
      const payloads = numbered(200);
      const terminator = new AbortController();
      const terminating = (async () => {
        while (!terminator.signal.aborted) {
          for (const pid of await pids()) {
            await admin.query('SELECT pg_terminate_backend($1)', [pid]);
          }
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
      })();
      await Promise.all(
        [one, other].map(async (backplane, parity) => {
          for (const payload of payloads.filter((_, index) => index % 2 === parity)) {
            await untilWritten(backplane, topic, payload);
          }
        }),
      );
      terminator.abort();
      await terminating;
      await untilWritten(one, topic, 'last');
      for (const reader of received) {
        const seen = (await reader.eventsUpTo('last')).map(({ payload }) => payload);
        expect(seen.toSorted()).toEqual([...payloads, 'last'].toSorted());
      }
    },
    60_000,
  );

  it('break with a process of the server that is killed: the server recovers, and nothing is lost', async () => {
    const backplane = await start();
    const reader = await live(backplane, 'killed');
    for (const payload of numbered(20)) {
      await untilWritten(backplane, 'killed', payload);
      if (payload === 'event 10') {
        const [pid] = await pids();
        process.kill(pid!, 'SIGKILL');
      }
    }
    expect(await reader.payloads(numbered(20))).toHaveLength(20);
  }, 60_000);

  it('need not stand when the application starts', async () => {
    const pool = poolOf();
    await server.kill();
    try {
      const backplane = make(pool);
      await backplane.start();
      expect(backplane.state).toBe('stale');
      await expect(backplane.publish('early', 'event')).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
      await expect(live(backplane, 'early')).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
      await expect(backplane.ping()).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
      await server.start();
      await eventually(LIMIT, 'it is live', () => backplane.state === 'live');
      expect(await backplane.ping()).toBeGreaterThan(0);
      const reader = await live(backplane, 'early');
      await untilWritten(backplane, 'early', 'event');
      await reader.payloads(['event']);
    } finally {
      await server.start();
    }
  }, 60_000);

  it.each([
    ['database', { database: 'nowhere' }],
    ['user', { user: 'nobody' }],
  ])('are refused for a wrong %s: start says so', async (_, options) => {
    await expect(start(poolOf(options))).rejects.toMatchObject({
      code: 'SSE_INVALID_CONFIGURATION',
      message: expect.stringContaining('does not exist'),
    });
  });

  it('that are all taken by the application delay deliveries not at all, and publications by `commandTimeout`', async () => {
    const pool = poolOf({ max: 3 });
    const [backplane, other] = [await start(pool), await start()];
    const reader = await live(backplane, 'busy');
    const taken = [await pool.connect(), await pool.connect()];
    await other.publish('busy', 'event 1');
    await reader.payloads(['event 1']);
    await expect(backplane.publish('busy', 'not written')).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
    taken.forEach((client) => client.release());
    await backplane.publish('busy', 'event 2');
    await reader.payloads(['event 2']);
  });

  it('that do not answer in time leave the outcome unknown, and a retry with the key tells it', async () => {
    const backplane = await start();
    await backplane.publish('locked', 'event 1');
    const reader = await live(backplane, 'locked');
    const client = new Client(server.address);
    await client.connect();
    await client.query(`BEGIN; SELECT 1 FROM sse_topics WHERE topic = 'locked' FOR UPDATE`);
    await expect(backplane.publish('locked', 'event 2', { key: 'two' })).rejects.toMatchObject({
      code: 'SSE_OUTCOME_UNKNOWN',
    });
    await client.query('ROLLBACK');
    await client.end();
    const [event] = await reader.payloads(['event 2']);
    expect(await backplane.publish('locked', 'event 2', { key: 'two' })).toEqual({
      position: event!.position,
      duplicate: true,
    });
  });

  it('that only read refuse publications: nothing was written', async () => {
    const backplane = await start();
    const reader = await live(backplane, 'refused');
    await admin.query('ALTER DATABASE postgres SET default_transaction_read_only = on');
    try {
      const readOnly = await start();
      await expect(readOnly.publish('refused', 'not written')).rejects.toMatchObject({
        code: 'SSE_UNAVAILABLE',
        message: expect.stringContaining('read-only'),
        cause: { code: '25006' },
      });
    } finally {
      await admin.query(
        'SET default_transaction_read_only = off; ALTER DATABASE postgres RESET default_transaction_read_only',
      );
    }
    await backplane.publish('refused', 'event');
    await reader.payloads(['event']);
  });

  it('carry publications to the same topics from many instances, none of which waits for another for ever', async () => {
    const instances = await Promise.all([start(), start(), start()]);
    const topics = Array.from({ length: 12 }, (_, index) => `shared ${index}`);
    const all = await Promise.all(topics.map((topic) => live(instances[0]!, topic)));
    const publishAll = async (backplane: PostgresBackplane, instance: number): Promise<string[]> => {
      const positions: string[] = [];
      for (let round = 0; round < 20; round++) {
        // Each in an order of its own: upwards, downwards, and from the middle.
        const order =
          instance === 1 ? topics.toReversed() : [...topics.slice(instance * 3), ...topics.slice(0, instance * 3)];
        const published = await Promise.all(order.map((topic) => backplane.publish(topic, `${instance} ${round}`)));
        positions.push(...published.map(({ position }) => position));
      }
      return positions;
    };
    const published = await within(LIMIT, 'all publications', Promise.all(instances.map(publishAll)));
    expect(new Set(published.flat()).size).toBe(720);
    let count = 0;
    for (const [index, reader] of all.entries()) {
      await instances[1]!.publish(topics[index]!, 'last');
      count += (await reader.eventsUpTo('last')).length - 1;
    }
    expect(count).toBe(720);
  }, 60_000);

  it('wake subscribers at once, whatever the heartbeat is', async () => {
    const [one, other] = [await start(poolOf(), { heartbeat: 600_000 }), await start(poolOf(), { heartbeat: 600_000 })];
    const reader = await live(one, 'at once');
    const end = reader.event();
    await other.publish('at once', 'event');
    expect((await end).payload).toBe('event');
  });

  it('bring a long history page by page, whatever the heartbeat is', async () => {
    const backplane = await start(poolOf(), { heartbeat: 600_000 });
    await Promise.all(numbered(700).map((payload) => backplane.publish('long', payload)));
    const reader = new DeliveryReader(backplane, 'long', { limit: LIMIT, from: 'oldest' });
    readers.push(reader);
    await reader.start();
    expect(await reader.payloads(numbered(700))).toHaveLength(700);
  });

  it('that come after one that broke bring what was missed at once, whatever the heartbeat is', async () => {
    const one = await start(poolOf({ application_name: 'one' }), { heartbeat: 600_000 });
    const other = await start();
    const reader = await live(one, 'missed');
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'one'`);
    await eventually(LIMIT, 'it has noticed', () => one.state === 'stale');
    await other.publish('missed', 'event');
    expect((await reader.event()).payload).toBe('event');
  });

  it('carry the publications of an instance in the order of the calls, whatever their histories', async () => {
    const backplane = await start();
    const reader = await live(backplane, 'ordered');
    const payloads = numbered(300);
    await Promise.all(
      payloads.map((payload, index) =>
        backplane.publish('ordered', payload, {
          history: { maxEvents: index % 7 === 0 ? 1_000 : 999, maxBytes: 1_048_576, maxAge: 60_000 },
        }),
      ),
    );
    expect(await reader.payloads(payloads)).toHaveLength(payloads.length);
  });

  it('are waited for no longer than the signal of a publication says', async () => {
    const backplane = await start();
    await expect(backplane.publish('given up', 'event', { signal: AbortSignal.abort('early') })).rejects.toBe('early');
    const abort = new AbortController();
    const publication = backplane.publish('given up', 'event', { signal: abort.signal });
    abort.abort('late');
    await expect(publication).rejects.toMatchObject({ code: 'SSE_OUTCOME_UNKNOWN', cause: 'late' });
  });

  it('are let go at close, after what is under way', async () => {
    const pool = poolOf();
    const backplane = await start(pool);
    const publications = numbered(10).map((payload) => backplane.publish('closing', payload));
    const waiting = Promise.allSettled(publications);
    await Promise.resolve();
    await within(LIMIT, 'close()', backplane.close());
    for (const result of await waiting) {
      expect(result.status === 'fulfilled' || result.reason.code === 'SSE_CLOSED').toBe(true);
    }
    expect(pool.totalCount).toBe(pool.idleCount);
    expect(pool.listenerCount('error')).toBe(0);
  });
});
