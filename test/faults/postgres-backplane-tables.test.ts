import { Logger } from '@nestjs/common';
import { Client, Pool } from 'pg';
import type { HistoryBounds } from '../../src/channel/backplane';
import { backplaneSql, postgresBackplaneSql } from '../../src/postgres/backplane-sql';
import { prepareTables } from '../../src/postgres/backplane-tables';
import { postgresBackplane, type PostgresBackplane } from '../../src/postgres/postgres-backplane';
import type { PostgresBackplaneOptions } from '../../src/postgres/postgres-backplane-options';
import { numbered } from '../../src/testing/backplane/backplane-scenario';
import { DeliveryReader, type ReaderOptions } from '../../src/testing/backplane/delivery-reader';
import { eventually } from '../../src/testing/backplane/within';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres-server';

const LIMIT = 10_000;
const WIDE: HistoryBounds = { maxEvents: 1_000, maxBytes: 1_048_576, maxAge: 300_000 };

/** A node of a plan, as `EXPLAIN (ANALYZE, FORMAT JSON)` tells it. */
interface PlanNode {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** How many rows the nodes of a plan gave or threw away. */
function rowsRead(node: PlanNode): number {
  const own = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
  return (node.Plans ?? []).reduce((sum, plan) => sum + rowsRead(plan), own);
}

describeWithPostgres('the tables of the PostgreSQL backplane', () => {
  let server: PostgresServer;
  let pool: Pool;
  let schemas = 0;
  /** Each test has a schema of its own. */
  let schema: string;
  const backplanes: PostgresBackplane[] = [];
  const readers: DeliveryReader[] = [];
  const clients: Client[] = [];

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await startPostgres();
    pool = new Pool({ ...server.address, max: 30 });
    pool.setMaxListeners(0);
    pool.on('error', () => undefined);
  }, 60_000);

  beforeEach(async () => {
    schema = `test_${++schemas}`;
    await pool.query(`CREATE SCHEMA ${schema}`);
  });

  afterEach(async () => {
    readers.splice(0).forEach((reader) => reader.leave());
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await Promise.all(backplanes.splice(0).map((backplane) => backplane.close()));
  });

  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  const make = (options: Partial<PostgresBackplaneOptions> = {}): PostgresBackplane => {
    const backplane = postgresBackplane({ pool, schema, heartbeat: 300, commandTimeout: 2_000, ...options });
    backplanes.push(backplane);
    return backplane;
  };
  const start = async (options: Partial<PostgresBackplaneOptions> = {}): Promise<PostgresBackplane> => {
    const backplane = make(options);
    await backplane.start();
    return backplane;
  };
  const live = async (backplane: PostgresBackplane, topic: string, options: Partial<ReaderOptions> = {}) => {
    const reader = new DeliveryReader(backplane, topic, { limit: LIMIT, ...options });
    readers.push(reader);
    await reader.start();
    return reader;
  };
  const publish = async (backplane: PostgresBackplane, topic: string, payloads: string[], history = WIDE) => {
    const positions: string[] = [];
    for (const payload of payloads) {
      positions.push((await backplane.publish(topic, payload, { history })).position);
    }
    return positions;
  };
  const count = async (table: string): Promise<number> => {
    const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::integer FROM ${schema}.sse_${table}`);
    return rows[0]!.count;
  };
  /** Makes everything that is in the tables older. */
  const age = async (interval: string): Promise<void> => {
    await pool.query(`UPDATE ${schema}.sse_events SET at = at - interval '${interval}';
      UPDATE ${schema}.sse_keys SET at = at - interval '${interval}';
      UPDATE ${schema}.sse_topics SET published_at = published_at - interval '${interval}';
      UPDATE ${schema}.sse_meta SET swept_at = swept_at - interval '${interval}'`);
  };
  const sweep = async (): Promise<void> => {
    await pool.query(`SELECT ${schema}.sse_sweep_1('1 second')`);
  };

  it('are made by whoever comes first, of many that start at once', async () => {
    // Connections that are there already, so that all ask at the same moment.
    await Promise.all(Array.from({ length: 12 }, () => pool.query('SELECT pg_sleep(0.2)')));
    const started = await Promise.all(Array.from({ length: 12 }, () => start()));
    const reader = await live(started[0]!, 'topic');
    for (const [index, backplane] of started.entries()) {
      await backplane.publish('topic', `event ${index + 1}`);
    }
    expect(await reader.payloads(numbered(12))).toHaveLength(12);
  });

  it('are left to migrations where that is asked for, and then must be there', async () => {
    const without = make({ createTables: false });
    await expect(without.start()).rejects.toMatchObject({
      code: 'SSE_INVALID_CONFIGURATION',
      message: expect.stringContaining('postgresBackplaneSql()'),
    });
    expect(await pool.query(`SELECT 1 FROM pg_tables WHERE schemaname = '${schema}'`)).toMatchObject({ rowCount: 0 });
    const sql = postgresBackplaneSql({ schema });
    await pool.query(sql);
    const backplane = await start({ createTables: false });
    const [position] = await publish(backplane, 'topic', ['event']);
    // Once more changes nothing.
    await pool.query(sql);
    const reader = new DeliveryReader(backplane, 'topic', { limit: LIMIT, from: 'oldest' });
    readers.push(reader);
    await reader.start();
    expect((await reader.event()).position).toBe(position);
  });

  it('cannot be made where that is not allowed: start says what is missing', async () => {
    await pool.query(`CREATE ROLE reader_${schemas} LOGIN`);
    const poor = new Pool({ ...server.address, user: `reader_${schemas}` });
    poor.on('error', () => undefined);
    const backplane = make({ pool: poor });
    await expect(backplane.start()).rejects.toMatchObject({
      code: 'SSE_INVALID_CONFIGURATION',
      message: expect.stringContaining('permission denied'),
    });
    await backplane.close();
    await poor.end();
  });

  it('are kept apart by schema and by prefix', async () => {
    const [one, other] = [await start(), await start({ prefix: 'other_' })];
    const [first, second] = [await live(one, 'topic'), await live(other, 'topic')];
    await publish(one, 'topic', ['of one']);
    await publish(other, 'topic', ['of the other']);
    await first.payloads(['of one']);
    expect(await second.payloads(['of the other'])).toHaveLength(1);
  });

  it('are made again where somebody has dropped them, and everyone is told', async () => {
    const backplane = await start();
    const reader = await live(backplane, 'topic');
    const positions = await publish(backplane, 'topic', numbered(3));
    await reader.payloads(numbered(3));
    await pool.query(
      `DROP TABLE ${['meta', 'topics', 'events', 'keys'].map((name) => `${schema}.sse_${name}`).join()}`,
    );
    expect((await reader.gap()).reason).toBe('reset');
    await publish(backplane, 'topic', ['after']);
    await reader.payloads(['after']);
    const resumed = await live(backplane, 'topic', { after: positions[1]! });
    expect((await resumed.gap()).reason).toBe('reset');
    await resumed.payloads(['after']);
  });

  it.each([
    ['meta', 'topics', 'events', 'keys'],
    ['topics', 'events', 'keys'],
    ['topics', 'events'],
  ])('are emptied by TRUNCATE, %s and %s and others: everyone is told', async (...names) => {
    const backplane = await start();
    const reader = await live(backplane, 'topic');
    await publish(backplane, 'topic', numbered(3));
    await reader.payloads(numbered(3));
    await pool.query(`TRUNCATE ${names.map((name) => `${schema}.sse_${name}`).join()}`);
    expect((await reader.gap()).reason).toBe('reset');
    await publish(backplane, 'topic', ['after']);
    await reader.payloads(['after']);
  });

  it('are read by the clock as well, for a notification that is lost', async () => {
    const backplane = await start();
    const reader = await live(backplane, 'topic');
    // As a publication does it, but for the tag that the notification names.
    await pool.query(
      `SELECT ${schema}.sse_publish_1('{topic}', '{nobody}', '{1}', '{9}', '{9999}', '{99999}', '{5}', '{NULL}', 'event')`,
    );
    expect(await reader.payloads(['event'])).toHaveLength(1);
  });

  it('hold about as many events as the history, also where topics are silent', async () => {
    const backplane = await start();
    const history = { ...WIDE, maxEvents: 4 };
    await Promise.all(numbered(300).map((payload) => backplane.publish('busy', payload, { history })));
    expect(await count('events')).toBe(300);
    await age('1 minute');
    await publish(backplane, 'busy', numbered(10), history);
    expect(await count('events')).toBeLessThan(150);
    await age('1 minute');
    await sweep();
    expect(await count('events')).toBe(4);
    const reader = new DeliveryReader(backplane, 'busy', { limit: LIMIT, from: 'oldest' });
    readers.push(reader);
    await reader.start();
    await reader.payloads(numbered(4, 7));

    await age('1 hour');
    await sweep();
    expect(await count('events')).toBe(0);
    await publish(backplane, 'busy', ['next'], history);
    await reader.payloads(['next']);
  });

  it('hold about as many events as are young enough, where that is the only bound', async () => {
    const backplane = await start();
    const history = { ...WIDE, maxAge: 30_000 };
    for (const payload of numbered(3)) {
      await Promise.all(Array.from({ length: 100 }, () => backplane.publish('busy', payload, { history })));
      await age('1 minute');
    }
    await publish(backplane, 'busy', ['young', 'young', 'young'], history);
    expect(await count('events')).toBeLessThan(150);
  });

  it('give nobody more than may wait for it of what the history has lost', async () => {
    const backplane = await start();
    const history = { ...WIDE, maxEvents: 4 };
    const [prompt, slow] = [
      await live(backplane, 'topic', { maxBuffered: 20 }),
      await live(backplane, 'topic', { maxBuffered: 10 }),
    ];
    await publish(backplane, 'topic', numbered(12), history);
    await prompt.payloads(numbered(12));
    expect((await slow.gap()).reason).toBe('overflow');
    await slow.payloads(numbered(4, 9));
  });

  it('keep what came live a moment longer than the history does, for those who are about to read it', async () => {
    const backplane = await start();
    const none = { maxEvents: 0, maxBytes: 0, maxAge: 1 };
    const reader = await live(backplane, 'topic');
    await Promise.all(numbered(600).map((payload) => backplane.publish('topic', payload, { history: none })));
    await sweep();
    await reader.payloads(numbered(600));
    const late = new DeliveryReader(backplane, 'topic', { limit: LIMIT, from: 'oldest' });
    readers.push(late);
    expect(await late.start()).toBe(reader.position);
  });

  it('are read by what is asked for alone, however many rows others have', async () => {
    const sql = backplaneSql({ schema });
    const backplane = await start();
    const client = new Client(server.address);
    await client.connect();
    clients.push(client);
    await prepareTables(async ({ text }) => (await client.query({ text, rowMode: 'array' })).rows, sql, false);
    await client.query(`PREPARE events_after AS ${sql.read}`);
    const readAfter = (position: string): string => {
      const [, epoch, nonce, n] = /^(\w+)-\w+-(\w+)\.(\d+)$/.exec(position)!;
      return `EXECUTE events_after('{topic}', '{after}', '{${epoch}}', '{${n}}', '{${nonce}}', '{1000}', '{256}')`;
    };
    // The plan is made now, for tables that have one row.
    const [first] = await publish(backplane, 'topic', ['event']);
    await client.query(readAfter(first!));
    for (const topic of ['one', 'another', 'topic']) {
      await Promise.all(Array.from({ length: 2_000 }, () => backplane.publish(topic, 'event')));
    }
    const tip = await backplane.publish('topic', 'event');
    const last = await backplane.publish('topic', 'event');
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `EXPLAIN (ANALYZE, FORMAT JSON) ${readAfter(tip.position)}`,
    );
    expect(last.position).toMatch(/\.2003$/);
    expect(rowsRead(rows[0]!['QUERY PLAN'][0].Plan)).toBeLessThan(50);
  });

  it('forget keys after their time', async () => {
    const backplane = await start();
    const first = await backplane.publish('topic', 'event', { key: 'key' });
    expect(await backplane.publish('topic', 'event', { key: 'key' })).toEqual({ ...first, duplicate: true });
    await age('3 minutes');
    const again = await backplane.publish('topic', 'event', { key: 'key' });
    expect(again.duplicate).toBe(false);
    expect(await backplane.publish('topic', 'event', { key: 'key' })).toEqual({ ...again, duplicate: true });
    expect(await count('keys')).toBe(1);
    await age('3 minutes');
    await sweep();
    expect(await count('keys')).toBe(0);
  });

  it('forget topics that are silent for long: nobody who listens is told, whoever comes back is', async () => {
    let polls = 0;
    const own = new Pool({ ...server.address, max: 3 });
    own.on('connect', (client) => {
      const query = client.query.bind(client) as (statement: { name?: string }) => unknown;
      Object.assign(client, {
        query: (statement: { name?: string }) => {
          polls += statement.name === 'sse_poll' ? 1 : 0;
          return query(statement);
        },
      });
    });
    const backplane = await start({ pool: own });
    const used = await live(backplane, 'used');
    const unused = await live(backplane, 'unused');
    const [old, ...others] = await publish(backplane, 'used', numbered(5));
    await used.payloads(numbered(5));
    const watching = [used.watch(), unused.watch()];
    await age('8 days');
    await sweep();
    expect(await count('topics')).toBe(0);
    // What was given for it is not given again.
    polls = 0;
    await eventually(LIMIT, 'it is looked for by the clock, and what follows from that is done', () => polls > 2);
    const [position] = await publish(backplane, 'used', ['next']);
    expect([old, ...others]).not.toContain(position);
    await publish(backplane, 'unused', ['first']);
    await Promise.all(watching);
    await used.payloads(['next']);
    await unused.payloads(['first']);
    for (const after of [old!, others.at(-1)!]) {
      const resumed = await live(backplane, 'used', { after });
      await resumed.gap();
      await resumed.payloads(['next']);
    }
    await backplane.close();
    await own.end();
  });

  it('take part in no transaction, setting or type parser of the application', async () => {
    const types = { getTypeParser: () => () => 'nothing that the backplane could use' };
    const own = new Pool({ ...server.address, max: 5, types });
    own.on('error', () => undefined);
    const backplane = await start({ pool: own });
    const reader = await live(backplane, 'topic');
    await publish(backplane, 'topic', numbered(3));
    await reader.payloads(numbered(3));
    await backplane.close();
    expect([own.totalCount, own.waitingCount]).toEqual([own.idleCount, 0]);
    await eventually(LIMIT, 'nobody listens any more', async () => {
      const { rowCount } = await pool.query(
        `SELECT 1 FROM pg_stat_activity WHERE state = 'idle' AND query ILIKE ANY ('{LISTEN%,SET enable%,%sse_topics%}')
           AND pid <> pg_backend_pid() AND query LIKE '%${schema}%' AND query NOT LIKE '%sse_publish%'`,
      );
      return rowCount === 0;
    });
    const { rows } = await own.query({
      text: 'SHOW enable_seqscan',
      rowMode: 'array',
      types: { getTypeParser: () => String },
    });
    expect(rows).toEqual([['on']]);
    await own.end();
  });
});
