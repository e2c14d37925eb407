import { Controller, Inject, Logger } from '@nestjs/common';
import { LastEventId, ServerSentEventsView, SseSignal } from 'nestjs-sse-views';
import { tailQuery } from 'nestjs-sse-views/postgres';
import { SseClient } from 'nestjs-sse-views/testing';
import { Client, Pool } from 'pg';
import { ADAPTERS, closeApps, startApp, type TestApp } from '../support/app';
import { CREATE_ENTRIES, entriesOf, type Entry } from '../support/entries-table';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres-server';
import { until } from '../support/until';

/** How long the writers write, in seconds; `SECONDS=600` makes a long run of it, which says at its end how much there was. */
const SECONDS = Number(process.env['SECONDS'] ?? 6);
const READERS = 10;
/** So many rows each reader gets at least, however slow the machine is. */
const ROWS = 200;
/** So many rows the writers may be ahead of the slowest reader: what is not bounded is only a queue that grows. */
const LEAD = 3_000;

const pause = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));
const between = (low: number, high: number): number => low + Math.random() * (high - low);

@Controller('entries')
class EntriesView extends ServerSentEventsView<Entry> {
  constructor(@Inject(Pool) private readonly pool: Pool) {
    super();
  }

  events(@LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
    return tailQuery({ ...entriesOf(this.pool), poll: 1_000, after, signal });
  }
}

/** What a reader got: how often each entry, and whether in the order of the ids. */
class Reader {
  readonly times: number[] = [];
  count = 0;
  outOfOrder: string[] = [];
  private last: readonly [bigint, bigint] = [0n, 0n];
  readonly client: SseClient<Entry>;

  constructor(url: string) {
    this.client = new SseClient<Entry>(url, { retry: 50, maxEvents: 20_000 });
  }

  async read(): Promise<void> {
    for await (const { data, id } of this.client) {
      const [xid, row] = id.split('.').map(BigInt) as [bigint, bigint];
      if (xid < this.last[0] || (xid === this.last[0] && row <= this.last[1])) {
        this.outOfOrder.push(id);
      }
      this.last = [xid, row];
      this.times[data.n] = (this.times[data.n] ?? 0) + 1;
      this.count++;
    }
  }
}

/** Writes as fast as the server takes it: single rows, transactions of several, and some that are rolled back. */
async function write(server: PostgresServer, writer: number, mayWrite: () => Promise<boolean>): Promise<void> {
  let n = writer;
  while (await mayWrite()) {
    const client = new Client(server.address);
    client.on('error', () => undefined);
    try {
      await client.connect();
      while (await mayWrite()) {
        const rows = Math.random() < 0.9 ? 1 : 4;
        await client.query('BEGIN');
        for (let row = 0; row < rows; row++, n += 2) {
          await client.query('INSERT INTO entries (n) VALUES ($1)', [n]);
        }
        await client.query(Math.random() < 0.95 ? 'COMMIT' : 'ROLLBACK');
      }
    } catch {
      // Whether the last transaction counts, the table says in the end.
      await pause(20);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

describeWithPostgres(`Two writers at full speed, ten readers that drop, two kills of the server, ${SECONDS} s`, () => {
  let server: PostgresServer;
  let pool: Pool;
  let app: TestApp | undefined;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    server = await startPostgres();
    pool = new Pool({ ...server.address, max: 6 });
    // A query in whose way the server dies breaks, and so may those that wait in the pool.
    pool.on('error', () => undefined);
    await pool.query(CREATE_ENTRIES);
  }, 60_000);

  afterEach(async () => {
    jest.restoreAllMocks();
    const closing = closeApps();
    // A client that is cut off while it connects leaves a connection that never asks for anything, which HTTP waits for.
    app?.app.getHttpServer().closeAllConnections();
    await closing;
    await pool.end();
    await server.stop();
  }, 60_000);

  const listening = async (): Promise<number> => {
    const { rows } = await pool.query(
      `SELECT FROM pg_stat_activity WHERE query ~ '^(LISTEN|SELECT 1$)' AND pid <> pg_backend_pid()`,
    );
    return rows.length;
  };

  it.each(ADAPTERS)(
    'on %s, every committed row comes to every reader once and in order',
    async (adapter) => {
      app = await startApp(adapter, {
        controllers: [EntriesView],
        providers: [{ provide: Pool, useValue: pool }],
      });
      const { url } = app;
      const readers = Array.from({ length: READERS }, () => new Reader(`${url}/entries`));
      const reading = readers.map((reader) => reader.read());

      const end = performance.now() + SECONDS * 1_000;
      let written = 0;
      const slowest = (): number => Math.min(...readers.map(({ count }) => count));
      const goesOn = (): boolean => performance.now() < end || slowest() < ROWS;
      const mayWrite = async (): Promise<boolean> => {
        written++;
        while (written - slowest() > LEAD && goesOn()) {
          await pause(10);
        }
        return goesOn();
      };
      const dropping = readers.map(async ({ client }) => {
        while (goesOn()) {
          await pause(between(30, 430));
          client.disconnect();
          await pause(between(0, 100));
          await client.reconnect(30_000);
        }
      });
      const killing = (async () => {
        for (let kill = 0; kill < 2; kill++) {
          await pause((SECONDS * 1_000) / 3);
          await server.kill();
          await pause(between(0, 500));
          await server.start();
        }
      })();
      await Promise.all([write(server, 0, mayWrite), write(server, 1, mayWrite), killing, ...dropping]);

      const { rows } = await pool.query<Entry>('SELECT n FROM entries');
      await until(
        () => slowest() >= rows.length,
        60_000,
        () => `${rows.length} rows, and the readers have ${readers.map(({ count }) => count).join(', ')}`,
      );
      expect(await listening()).toBe(1);
      expect(rows.length).toBeGreaterThanOrEqual(ROWS);
      for (const { times, outOfOrder, count } of readers) {
        expect({
          lost: rows.filter(({ n }) => times[n] === undefined).map(({ n }) => n),
          doubled: rows.filter(({ n }) => times[n]! > 1).map(({ n }) => n),
          outOfOrder,
          count,
        }).toEqual({ lost: [], doubled: [], outOfOrder: [], count: rows.length });
      }
      if (process.env['SECONDS'] !== undefined) {
        const connections = readers.reduce((sum, { client }) => sum + client.connections, 0);
        console.log(`${adapter}: ${rows.length} rows, ${connections} connections of ${READERS} readers`);
      }

      await Promise.all(readers.map(({ client }) => client.close()));
      await Promise.all(reading);
      await until(() => pool.idleCount === pool.totalCount);
      expect(await listening()).toBe(0);
    },
    SECONDS * 1_000 + 120_000,
  );
});
