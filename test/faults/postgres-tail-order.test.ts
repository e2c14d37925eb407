import { SseCursorError, type TailQueryOptions } from 'nestjs-sse-views/postgres';
import { Client, Pool } from 'pg';
import { CREATE_ENTRIES, entriesOf } from '../support/entries-table';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres-server';
import { TailFollower } from '../support/tail-follower';
import { until } from '../support/until';

describeWithPostgres('Two transactions of which the one that began first commits last', () => {
  let server: PostgresServer;
  let pool: Pool;
  let slow: Client;
  let fast: Client;
  const followers: TailFollower<never>[] = [];

  const follow = <Row extends { readonly n: number }>(options: TailQueryOptions<Row>): TailFollower<Row> => {
    const follower = new TailFollower(options);
    followers.push(follower as unknown as TailFollower<never>);
    return follower;
  };

  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);

  afterAll(async () => {
    await server.stop();
  }, 60_000);

  beforeEach(async () => {
    pool = new Pool(server.address);
    await pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    [slow, fast] = [new Client(server.address), new Client(server.address)];
    await Promise.all([slow.connect(), fast.connect()]);
  });

  afterEach(async () => {
    await Promise.all(followers.splice(0).map((follower) => follower.end()));
    await Promise.all([slow.end(), fast.end(), pool.end()]);
  });

  describe('with a sequence as the cursor', () => {
    const bySequence = (): TailQueryOptions<{ id: string; n: number }> => ({
      connect: pool,
      listen: 'entries',
      query: (cursor) => pool.query('SELECT id, n FROM entries WHERE id > $1 ORDER BY id LIMIT 100', [cursor]),
      cursorOf: ({ id }) => id,
      after: '0',
    });

    /** The slow one takes number 2, the fast one 3 and commits. */
    const overtake = async (): Promise<void> => {
      await pool.query('CREATE TABLE entries (id bigserial PRIMARY KEY, n integer NOT NULL)');
      await fast.query('INSERT INTO entries (n) VALUES (1)');
      await slow.query('BEGIN');
      await slow.query('INSERT INTO entries (n) VALUES (2)');
      await fast.query('INSERT INTO entries (n) VALUES (3)');
    };

    it('a loop that polls loses the row of the slower one', async () => {
      await overtake();
      const { query, cursorOf } = bySequence();
      const seen: number[] = [];
      let cursor = '0';
      const poll = async (): Promise<void> => {
        for (const row of ((await query(cursor)) as { rows: { id: string; n: number }[] }).rows) {
          seen.push(row.n);
          cursor = cursorOf(row);
        }
      };
      await poll();
      await slow.query('COMMIT');
      await poll();
      expect(seen).toEqual([1, 3]);
    });

    it('tailQuery refuses to go on: it ends with an error that names the row', async () => {
      await overtake();
      const follower = follow(bySequence());
      await until(() => follower.got.length === 2);
      await slow.query('COMMIT');
      await slow.query('NOTIFY entries');
      await until(() => follower.error !== undefined);
      expect(follower.got).toEqual([1, 3]);
      expect(follower.error).toBeInstanceOf(SseCursorError);
      expect(follower.error).toMatchObject({ code: 'SSE_CURSOR_ORDER', reason: 'late', cursor: '2' });
    });

    it('finds it though each page has one row, and nobody notified', async () => {
      await overtake();
      const one = (cursor: string | undefined) =>
        pool.query<{ id: string; n: number }>('SELECT id, n FROM entries WHERE id > $1 ORDER BY id LIMIT 1', [cursor]);
      const follower = follow({ ...bySequence(), query: one });
      await until(() => follower.got.length === 2);
      await slow.query('COMMIT');
      await until(() => follower.error !== undefined);
      expect(follower.error).toMatchObject({ reason: 'late', cursor: '2' });
    });
  });

  it('in commit order, the row of the faster one waits for the slower, and both come', async () => {
    await pool.query(CREATE_ENTRIES);
    let asked = 0;
    const entries = entriesOf(pool);
    const query: typeof entries.query = (cursor) => {
      asked++;
      return entries.query(cursor);
    };
    const follower = follow({ ...entries, query, poll: 50 });
    await fast.query('INSERT INTO entries (n) VALUES (1)');
    await until(() => follower.got.length === 1);
    await slow.query('BEGIN');
    await slow.query('INSERT INTO entries (n) VALUES (2)');
    await fast.query('INSERT INTO entries (n) VALUES (3)');
    expect((await pool.query('SELECT n FROM entries ORDER BY n')).rows).toEqual([{ n: 1 }, { n: 3 }]);
    // One of the two has committed, and whoever asks now does not get its row.
    const before = asked;
    await until(() => asked >= before + 4);
    expect(follower.got).toEqual([1]);
    await slow.query('COMMIT');
    await until(() => follower.got.length === 3);
    expect(follower.got).toEqual([1, 2, 3]);
    expect(follower.error).toBeUndefined();

    // And whoever comes back with any of the ids gets what came after it.
    const later = follow({ ...entries, after: follower.ids[0] });
    await until(() => later.got.length === 2);
    expect(later.got).toEqual([2, 3]);
  });

  it('in commit order, a row waits for a transaction that is rolled back, and comes without a notification', async () => {
    await pool.query(CREATE_ENTRIES);
    const follower = follow({ ...entriesOf(pool), poll: 200 });
    await slow.query('BEGIN');
    await slow.query('INSERT INTO entries (n) VALUES (1)');
    await fast.query('INSERT INTO entries (n) VALUES (2)');
    await slow.query('ROLLBACK');
    await until(() => follower.got.length === 1);
    expect(follower.got).toEqual([2]);
  });

  it('with a counter in the same transaction, the second writer waits for the first, and both come', async () => {
    await pool.query(`
      CREATE TABLE entries (position bigint PRIMARY KEY, n integer NOT NULL);
      CREATE TABLE entries_position (last bigint NOT NULL);
      INSERT INTO entries_position VALUES (0);`);
    const insert = `
      WITH next AS (UPDATE entries_position SET last = last + 1 RETURNING last)
      INSERT INTO entries (position, n) SELECT last, $1 FROM next`;
    const follower = follow<{ position: string; n: number }>({
      connect: pool,
      listen: 'entries',
      query: (cursor = '0') =>
        pool.query('SELECT position, n FROM entries WHERE position > $1 ORDER BY position LIMIT 100', [cursor]),
      cursorOf: ({ position }) => position,
    });
    const notify = (): Promise<unknown> => pool.query('NOTIFY entries');
    await fast.query(insert, [1]);
    await notify();
    await until(() => follower.got.length === 1);
    await slow.query('BEGIN');
    await slow.query(insert, [2]);
    const fasterOne = fast.query(insert, [3]);
    // The server itself says that it waits for the row of the counter.
    const isWaiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%entries_position%'`;
    while ((await pool.query(isWaiting)).rowCount === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await slow.query('COMMIT');
    await fasterOne;
    await notify();
    await until(() => follower.got.length === 3);
    expect(follower.got).toEqual([1, 2, 3]);
    expect(follower.ids).toEqual(['1', '2', '3']);
    expect(follower.error).toBeUndefined();
  });
});
