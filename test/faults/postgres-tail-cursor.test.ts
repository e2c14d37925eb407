import { Controller, Logger } from '@nestjs/common';
import { LastEventId, ServerSentEventsView, SseSignal } from 'nestjs-sse-views';
import { Pool } from 'pg';
import { tailCursor } from '../../src/postgres/tail-cursor';
import type { TailCursorOptions } from '../../src/postgres/tail-cursor-options';
import type { TailedChange } from '../../src/postgres/tailed-change';
import { eventually, within } from '../../src/testing/backplane/within';
import { SseClient } from '../../src/testing/client/sse-client';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres-server';

const LIMIT = 20_000;

interface Bid {
  readonly id: string;
  readonly amount: number;
}

/** What a cursor of Materialize would give, as rows of a table. Its cursors end, and give nothing then. */
const TABLE = `
CREATE TABLE bids_changes (
  place integer PRIMARY KEY, mz_timestamp numeric, mz_progressed boolean, mz_diff bigint, id text, amount integer
);
INSERT INTO bids_changes VALUES
  (1, 10, true, NULL, NULL, NULL),
  (2, 10, false, 1, 'a', 1),
  (3, 10, false, 1, 'b', 2),
  (4, 11, true, NULL, NULL, NULL),
  (5, 12, false, -1, 'a', 1),
  (6, 12, false, 1, 'a', 3),
  (7, 13, false, 1, 'c', 4),
  (8, 14, false, -1, 'b', 2),
  (9, 15, true, NULL, NULL, NULL)`;

const ALL = [
  ['snapshot', undefined, ''],
  ['insert', 'a 1', ''],
  ['insert', 'b 2', '10'],
  ['update', 'a 3', '12'],
  ['insert', 'c 4', '13'],
  ['delete', 'b 2', '14'],
];

const seen = ({ event, data, id }: TailedChange<Bid>): unknown => [
  event,
  data && 'amount' in data ? `${data.id} ${data.amount}` : undefined,
  id,
];

describeWithPostgres('tailCursor on a cursor of PostgreSQL', () => {
  let server: PostgresServer;
  let pool: Pool;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    server = await startPostgres({ fsync: 'on', full_page_writes: 'on' });
    pool = new Pool(server.address);
    pool.on('error', () => undefined);
    await pool.query(TABLE);
  }, 60_000);

  afterEach(closeApps);

  afterAll(async () => {
    await pool.end();
    await server.stop();
  });

  const options = (more: Partial<TailCursorOptions<Bid>> = {}): TailCursorOptions<Bid> => ({
    connect: pool,
    declare: (after) => `DECLARE c CURSOR FOR SELECT mz_timestamp, mz_progressed, mz_diff, id, amount FROM bids_changes
      WHERE mz_timestamp > ${after ?? -1} OR (mz_progressed AND mz_timestamp = ${after ?? -1}) ORDER BY place`,
    fetch: 'FETCH 2 FROM c',
    keyOf: ({ id }) => id,
    progress: false,
    ...more,
  });

  const read = async (count: number, more: Partial<TailCursorOptions<Bid>> = {}): Promise<unknown[]> => {
    const changes: unknown[] = [];
    const stream = tailCursor(options(more))[Symbol.asyncIterator]();
    while (changes.length < count) {
      const { value, done } = await within(LIMIT, `change ${changes.length + 1}`, stream.next());
      if (done) {
        break;
      }
      changes.push(seen(value));
    }
    await stream.return?.();
    return changes;
  };

  const states = async (): Promise<string[]> => {
    const { rows } = await pool.query<{ state: string }>(
      `SELECT state FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND query ~ 'FETCH|ROLLBACK|c CURSOR'`,
    );
    return rows.map(({ state }) => state);
  };

  it('declares it, fetches from it, and tells the changes', async () => {
    expect(await read(6)).toEqual(ALL);
  });

  it.each(['10', '11', '12', '13'])('goes on after %s', async (after) => {
    const later = ALL.filter(([, , id]) => Number(id) > Number(after));
    expect(await read(later.length, { after })).toEqual(later);
  });

  it('closes it in order at the end: no transaction is left open, and the connection is used again', async () => {
    const abort = new AbortController();
    const stream = tailCursor(options({ signal: abort.signal }))[Symbol.asyncIterator]();
    await stream.next();
    expect(await states()).toContain('idle in transaction');
    abort.abort();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await eventually(LIMIT, 'no transaction is open', async () => !(await states()).includes('idle in transaction'));
    await eventually(LIMIT, 'the connection is back', () => pool.idleCount === pool.totalCount);
    expect(pool.totalCount).toBeGreaterThan(0);
  });

  it('ends with an error of the server that would come again', async () => {
    const declare = (): string => 'DECLARE c CURSOR FOR SELECT * FROM nowhere';
    await expect(read(1, { declare })).rejects.toMatchObject({
      code: 'SSE_TAIL_CURSOR',
      reason: 'refused',
      cause: { code: '42P01' },
    });
    await eventually(LIMIT, 'the connection is back', () => pool.idleCount === pool.totalCount);
  });

  it.each(['is terminated', 'dies with the server'])(
    'goes on where its connection %s, without a loss or a double',
    async (fault) => {
      const changes: unknown[] = [];
      const stream = tailCursor(options({ fetch: 'FETCH 1 FROM c' }))[Symbol.asyncIterator]();
      for (let count = 0; count < ALL.length; count++) {
        const { value } = await within(LIMIT, `change ${count + 1}`, stream.next());
        changes.push(seen(value!));
        if (count === 3 && fault === 'is terminated') {
          await pool.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE 'FETCH%'`,
          );
        } else if (count === 3) {
          await server.kill();
          await server.start();
        }
      }
      await stream.return?.();
      expect(changes).toEqual(ALL);
    },
    60_000,
  );

  it('ends no process by a connection that breaks when it is back in its pool', async () => {
    const own = new Pool(server.address);
    expect(await read(2, { connect: own })).toHaveLength(2);
    await eventually(LIMIT, 'the connection is back', () => own.idleCount === 1);
    await server.kill();
    await eventually(LIMIT, 'the pool knows', () => own.totalCount === 0);
    await server.start();
    expect(await read(2, { connect: own })).toHaveLength(2);
    expect(own.listenerCount('error')).toBe(1);
    await own.end();
  }, 60_000);

  describe.each(ADAPTERS)('in a view on %s', (adapter) => {
    it('gives ids that are timestamps, by which a client resumes', async () => {
      @Controller('bids')
      class BidsView extends ServerSentEventsView<Bid> {
        events(@LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
          return tailCursor<Bid>(options({ after, signal }));
        }
      }
      const { url } = await startApp(adapter, { controllers: [BidsView] });
      const receive = async (count: number, lastEventId?: string): Promise<unknown[]> => {
        const client = new SseClient<Bid & { reason?: string }>(`${url}/bids`, { lastEventId, within: LIMIT });
        const events = await client.take(count);
        await client.close();
        return events.map(({ event, data, id }) => [
          event,
          data.reason === undefined ? `${data.id} ${data.amount}` : undefined,
          id,
        ]);
      };
      expect(await receive(6)).toEqual(ALL);
      expect(await receive(2, '12')).toEqual(ALL.slice(4));
    });
  });
});
