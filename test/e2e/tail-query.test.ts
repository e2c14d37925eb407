import { PGlite } from '@electric-sql/pglite';
import { Controller, Inject, Injectable } from '@nestjs/common';
import { LastEventId, ServerSentEventsView, SseRoute, SseSignal } from 'nestjs-sse-views';
import { commitOrder, tailQuery } from 'nestjs-sse-views/postgres';
import { SseClient } from 'nestjs-sse-views/testing';
import { ADAPTERS, closeApps, startApp, type Adapter, type TestApp } from '../support/app';
import { ChannelClient } from '../support/channel-client';
import { CREATE_ENTRIES, ENTRIES_AFTER, type Entry } from '../support/entries-table';
import { RawClient } from '../support/raw-client';
import { until } from '../support/until';

/** How often the table was asked, and with what. */
@Injectable()
class Asked {
  readonly cursors: (string | undefined)[] = [];
}

@Controller('entries')
class EntriesView extends ServerSentEventsView<Entry> {
  override readonly retry = 20;

  constructor(
    @Inject(PGlite) private readonly database: PGlite,
    private readonly asked: Asked,
  ) {
    super();
  }

  events(@LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
    return tailQuery({
      connect: this.database,
      listen: 'entries',
      query: (cursor) => {
        this.asked.cursors.push(cursor);
        return this.database.query<Entry>(ENTRIES_AFTER, commitOrder.parse(cursor));
      },
      cursorOf: commitOrder.cursorOf,
      after,
      signal,
    });
  }

  @SseRoute('doubled')
  async *doubled(@LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
    const rows = tailQuery({
      connect: this.database,
      listen: 'entries',
      query: (cursor) => this.database.query<Entry>(ENTRIES_AFTER, commitOrder.parse(cursor)),
      cursorOf: commitOrder.cursorOf,
      after,
      signal,
    });
    for await (const { id, data } of rows) {
      yield { event: 'doubled', id, data: { n: 2 * data.n } };
    }
  }

  @SseRoute('padded')
  async *padded(@SseSignal() signal: AbortSignal) {
    for await (const { id, data } of this.events(undefined, signal)) {
      yield { id, data: { n: data.n, padding: 'x'.repeat(10_000) } };
    }
  }

  @SseRoute('wrong')
  wrong(@SseSignal() signal: AbortSignal) {
    return tailQuery({
      connect: this.database,
      listen: 'entries',
      query: (cursor) => this.database.query<Entry>(cursor === undefined ? 'SELECT 1 AS n' : 'SELECT * FROM nothing'),
      cursorOf: ({ n }) => String(n),
      signal,
    });
  }

  @SseRoute('missing')
  missing(@SseSignal() signal: AbortSignal) {
    return tailQuery({
      connect: this.database,
      listen: 'entries',
      query: () => this.database.query<Entry>('SELECT * FROM nothing'),
      cursorOf: commitOrder.cursorOf,
      signal,
    });
  }
}

describe('A view that gives tailQuery back, over PGlite', () => {
  let database: PGlite;
  let next = 0;
  const clients: SseClient<Entry>[] = [];

  beforeAll(async () => {
    database = await PGlite.create();
    await database.exec(CREATE_ENTRIES);
  }, 120_000);

  afterAll(() => database.close());

  beforeEach(async () => {
    await database.exec('TRUNCATE entries');
    next = 0;
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await closeApps();
    await untilNobodyListens();
  });

  const start = (adapter: Adapter): Promise<TestApp> =>
    startApp(adapter, {
      controllers: [EntriesView],
      providers: [{ provide: PGlite, useValue: database }, Asked],
    });

  const connect = (app: TestApp, path = '/entries', lastEventId = ''): SseClient<Entry> => {
    const client = new SseClient<Entry>(`${app.url}${path}`, { lastEventId, within: 20_000 });
    clients.push(client);
    return client;
  };

  const insert = (rows = 1): Promise<unknown> =>
    database.query('INSERT INTO entries (n) SELECT $1 + n FROM generate_series(1, $2) n', [
      (next += rows) - rows,
      rows,
    ]);

  const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n + 1);

  const untilNobodyListens = async (): Promise<void> => {
    for (;;) {
      const { rows } = await database.query('SELECT pg_listening_channels()');
      if (rows.length === 0) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  describe.each(ADAPTERS)('on %s', (adapter) => {
    it('streams the rows that are there, over several pages, and then each that comes', async () => {
      await insert(450);
      const app = await start(adapter);
      const client = connect(app);
      expect((await client.take(450)).map(({ data }) => data.n)).toEqual(numbers(0, 450));
      await insert();
      await insert(2);
      expect((await client.take(3)).map(({ data }) => data.n)).toEqual(numbers(450, 453));
      expect(client.events.every(({ id, data }) => id === `${data.xid}.${data.id}`)).toBe(true);
    });

    it('goes on after the last id of the client, for a row of the same transaction as well', async () => {
      const app = await start(adapter);
      await insert(5);
      const ids = (await connect(app).take(5)).map(({ id }) => id);
      expect((await connect(app, '/entries', ids[2]).take(2)).map(({ data }) => data.n)).toEqual([4, 5]);
      await insert();
      expect((await connect(app, '/entries', ids[4]).take(1)).map(({ data }) => data.n)).toEqual([6]);
    });

    it('lets a generator of the view make other events of the rows', async () => {
      const app = await start(adapter);
      await insert(2);
      const client = connect(app, '/entries/doubled');
      expect((await client.take(2)).map(({ event, data }) => [event, data.n])).toEqual([
        ['doubled', 2],
        ['doubled', 4],
      ]);
    });

    it.each([
      'x',
      '1',
      '1.',
      '.1',
      '1.1.1',
      '-1.1',
      '1.-1',
      '1e3.1',
      '99999999999999999999.1',
      '1.9223372036854775808',
      `1.1'; DROP TABLE entries; --`,
      '1'.repeat(100),
    ])('answers 400 to an id that is none: %s', async (id) => {
      const app = await start(adapter);
      const client = new RawClient(app.port, '/entries', { headers: { 'Last-Event-ID': id } });
      await until(() => client.status === 400);
      client.leave();
      expect(app.app.get(Asked).cursors.length).toBeLessThanOrEqual(1);
    });

    it('takes the highest ids that there can be', async () => {
      const app = await start(adapter);
      const client = await connect(app, '/entries', '18446744073709551615.9223372036854775807').opened();
      await insert();
      await until(() => app.app.get(Asked).cursors.length >= 2);
      expect(client.events).toEqual([]);
    });

    it('answers 500 to an error of the first query, and ends the stream with one at a later one', async () => {
      const app = await start(adapter);
      const missing = new RawClient(app.port, '/entries/missing');
      await until(() => missing.status === 500);
      const wrong = new RawClient(app.port, '/entries/wrong');
      expect(await wrong.untilBody((body) => body.includes('stream-error'))).not.toContain('nothing');
      wrong.leave();
      expect(app.log.filter(({ level }) => level === 'error')).toHaveLength(2);
      expect(app.log.find(({ level }) => level === 'error')!.message).toContain('relation "nothing" does not exist');
      missing.leave();
    });

    it('asks for no more pages than a client that does not read has room for', async () => {
      await insert(4_000);
      const app = await start(adapter);
      const { cursors } = app.app.get(Asked);
      const client = new ChannelClient(app.port, '/entries/padded', { paused: true });
      // The sockets take what they take; then nothing more is asked for.
      let before = -1;
      while (before !== cursors.length || cursors.length === 0) {
        before = cursors.length;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      expect(cursors.length).toBeLessThan(15);
      client.resume();
      await client.until(() => client.events.length === 4_000, 30_000);
      client.leave();
    }, 60_000);

    it('comes to ten readers that drop all the time, each row once and in order', async () => {
      const app = await start(adapter);
      const readers = Array.from({ length: 10 }, () => connect(app));
      const written = new AbortController();
      const dropping = readers.map(async (reader) => {
        while (!written.signal.aborted) {
          await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 200));
          reader.disconnect();
          await reader.reconnect(20_000);
        }
      });
      const write = async (): Promise<void> => {
        for (let count = 0; count < 150; count++) {
          await insert(count % 10 === 0 ? 7 : 1);
        }
      };
      await Promise.all([write(), write()]);
      written.abort();
      await Promise.all(dropping);
      for (const reader of readers) {
        await until(
          () => reader.events.length >= next,
          30_000,
          () => `${reader.events.length} of ${next}`,
        );
        expect(reader.events.map(({ data }) => data.n)).toEqual(numbers(0, next));
      }
      const { rows } = await database.query('SELECT pg_listening_channels()');
      expect(rows).toHaveLength(1);
    }, 60_000);

    it('listens no more when the last client has gone, whether by FIN or by RST, or the application has closed', async () => {
      const app = await start(adapter);
      const [one, two, three] = [1, 2, 3].map(() => new RawClient(app.port, '/entries')) as [
        RawClient,
        RawClient,
        RawClient,
      ];
      await insert();
      await Promise.all([one, two, three].map((client) => client.untilBody((body) => body.includes('data:'))));
      one.leave();
      two.reset();
      await app.close();
      await untilNobodyListens();
    });
  });
});
