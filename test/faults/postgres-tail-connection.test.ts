import { Logger } from '@nestjs/common';
import type { TailQueryOptions } from 'nestjs-sse-views/postgres';
import { Client, Pool } from 'pg';
import { CREATE_ENTRIES, entriesOf, type Entry } from '../support/entries-table';
import { describeWithPostgres, startPostgres, type PostgresServer } from '../support/postgres-server';
import { TailFollower } from '../support/tail-follower';
import { until } from '../support/until';

jest.setTimeout(30_000);

describeWithPostgres('The connection of pg that listens', () => {
  let server: PostgresServer;
  let pool: Pool;
  let warn: jest.SpyInstance;
  /** A connection that is not of the pool, to look on from outside. */
  let observer: Client;
  const followers: TailFollower<Entry>[] = [];
  let next: number;

  beforeAll(async () => {
    // Each test breaks something, and is told so.
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    server = await startPostgres();
  }, 60_000);

  afterAll(() => {
    jest.restoreAllMocks();
    return server.stop();
  });

  beforeEach(async () => {
    await server.start();
    pool = new Pool(server.address);
    pool.on('error', () => undefined);
    observer = new Client({ ...server.address, application_name: 'observer' });
    observer.on('error', () => undefined);
    await observer.connect();
    await observer.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await observer.query(CREATE_ENTRIES);
    next = 0;
  });

  afterEach(async () => {
    await endAll();
    await observer.end();
    await pool.end();
  });

  const follow = (more: Partial<TailQueryOptions<Entry>> = {}): TailFollower<Entry> => {
    // What comes in these tests comes by a notification, or because the connection is back.
    const follower = new TailFollower({ ...entriesOf(pool), poll: 600_000, lookBack: false, ...more });
    followers.push(follower);
    return follower;
  };

  const endAll = async (): Promise<void> => {
    await Promise.all(followers.splice(0).map((follower) => follower.end()));
  };

  const insert = async (): Promise<void> => {
    await observer.query('INSERT INTO entries (n) VALUES ($1)', [++next]);
  };

  const untilGot = (follower: TailFollower<Entry>, count: number): Promise<void> =>
    until(
      () => follower.got.length >= count,
      10_000,
      () => JSON.stringify(follower.got),
    );

  /** The server's processes for connections that listen. */
  const listening = async (): Promise<number[]> => {
    const { rows } = await observer.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE query ~ '^(LISTEN|SELECT 1$)' AND application_name <> 'observer'`,
    );
    return rows.map(({ pid }) => pid);
  };

  it('is one for fifty streams, and goes back to the pool listening to nothing', async () => {
    const streams = Array.from({ length: 50 }, () => follow());
    await insert();
    await Promise.all(streams.map((stream) => untilGot(stream, 1)));
    expect(await listening()).toHaveLength(1);
    await endAll();
    await until(() => pool.idleCount === pool.totalCount);
    expect(await listening()).toEqual([]);
    const clients = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()));
    for (const client of clients) {
      expect((await client.query('SELECT pg_listening_channels()')).rows).toEqual([]);
      client.release();
    }
  });

  it('is made anew when the server ends it, and what came meanwhile comes', async () => {
    const follower = follow();
    await insert();
    await untilGot(follower, 1);
    const [pid] = await listening();
    await observer.query('SELECT pg_terminate_backend($1)', [pid]);
    await insert();
    await untilGot(follower, 2);
    await insert();
    await untilGot(follower, 3);
    expect(follower.got).toEqual([1, 2, 3]);
    const anew = await listening();
    expect(anew).toHaveLength(1);
    expect(anew).not.toContain(pid);
  });

  it('is made anew when it is half open: the process at its other end says nothing any more', async () => {
    const follower = follow({ heartbeat: 200 });
    await insert();
    await untilGot(follower, 1);
    const [pid] = await listening();
    process.kill(pid!, 'SIGSTOP');
    try {
      await insert();
      await untilGot(follower, 2);
      // The clock asks after a second as well, and may have brought the row before.
      await until(async () => (await listening()).filter((other) => other !== pid).length === 1);
    } finally {
      process.kill(pid!, 'SIGCONT');
    }
  });

  it('is waited for where the server is not there yet', async () => {
    await server.kill();
    warn.mockClear();
    const follower = follow();
    await until(() =>
      warn.mock.calls.some(([text]) => String(text).startsWith('The connection that listens to PostgreSQL is lost')),
    );
    await server.start();
    observer = new Client({ ...server.address, application_name: 'observer' });
    await observer.connect();
    await insert();
    await untilGot(follower, 1);
    expect(await listening()).toHaveLength(1);
  });

  it('survives a kill of the server, with the streams and the process', async () => {
    const follower = follow();
    await insert();
    await untilGot(follower, 1);
    await server.kill();
    await server.start();
    observer = new Client({ ...server.address, application_name: 'observer' });
    await observer.connect();
    await insert();
    await untilGot(follower, 2);
    expect(follower.got).toEqual([1, 2]);
  });

  it('is waited for where the pool is used up', async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => pool.connect()));
    const follower = follow();
    await insert();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(follower.got).toEqual([]);
    clients.forEach((client) => client.release());
    await untilGot(follower, 1);
  });

  it('may be one that a function gives, which is ended in the end', async () => {
    const connect = async (): Promise<Client> => {
      const client = new Client(server.address);
      await client.connect();
      return client;
    };
    const streams = [follow({ connect }), follow({ connect })];
    await insert();
    await Promise.all(streams.map((stream) => untilGot(stream, 1)));
    expect(await listening()).toHaveLength(1);
    await endAll();
    while ((await listening()).length > 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  it('ends the streams with the error of the server where it refuses whoever asks', async () => {
    const wrong = new Pool({ ...server.address, database: 'nowhere' });
    const follower = follow({ connect: wrong });
    await follower.done;
    expect(follower.error).toMatchObject({ code: '3D000' });
    await wrong.end();
  });

  it('lets a mistake in the SQL end its stream, and no other', async () => {
    const other = follow();
    const follower = follow({ query: () => pool.query<Entry>('SELECT nothing FROM entries') });
    await follower.done;
    expect(follower.error).toMatchObject({ code: '42703' });
    await insert();
    await untilGot(other, 1);
  });
});
