import { Logger } from '@nestjs/common';
import { SseConfigurationError } from 'nestjs-sse-views';
import {
  commitOrder,
  SseCursorError,
  tailQuery,
  type TailedRow,
  type TailQueryOptions,
} from 'nestjs-sse-views/postgres';
import { PgListener } from '../../src/postgres/pg-listener';
import { codedError, ScriptedClient, ScriptedPool } from '../support/scripted-pool';
import { until } from '../support/until';

interface Row {
  readonly n: number;
}

/** A table in memory, and how often it was asked. */
class Table {
  readonly rows: Row[] = [];
  readonly asked: (string | undefined)[] = [];
  limit = 100;
  /** Stands before each query; it may throw. */
  before: () => unknown = () => undefined;

  readonly query = async (cursor: string | undefined): Promise<Row[]> => {
    this.asked.push(cursor);
    await this.before();
    return this.rows.filter(({ n }) => n > Number(cursor ?? 0)).slice(0, this.limit);
  };

  add(...numbers: number[]): void {
    this.rows.push(...numbers.map((n) => ({ n })));
  }
}

/** Follows until the test is over. */
class Follower {
  readonly got: number[] = [];
  readonly ids: string[] = [];
  error: unknown;
  isOver = false;
  readonly stop = new AbortController();
  readonly done: Promise<void>;

  constructor(rows: (signal: AbortSignal) => AsyncIterable<TailedRow<Row>>) {
    this.done = this.follow(rows);
  }

  private async follow(rows: (signal: AbortSignal) => AsyncIterable<TailedRow<Row>>): Promise<void> {
    try {
      for await (const { id, data } of rows(this.stop.signal)) {
        this.ids.push(id);
        this.got.push(data.n);
      }
    } catch (error) {
      this.error = error;
    }
    this.isOver = true;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
const never = (): Promise<never> => new Promise(() => undefined);

describe('tailQuery', () => {
  let pool: ScriptedPool;
  let table: Table;
  let followers: Follower[];
  let warn: jest.SpyInstance;

  beforeEach(() => {
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    pool = new ScriptedPool();
    table = new Table();
    followers = [];
  });

  afterEach(async () => {
    for (const follower of followers) {
      follower.stop.abort();
      await follower.done;
    }
    warn.mockRestore();
  });

  const options = (more: Partial<TailQueryOptions<Row>> = {}): TailQueryOptions<Row> => ({
    connect: pool,
    listen: 'rows',
    query: table.query,
    cursorOf: ({ n }) => String(n),
    ...more,
  });

  const follow = (more: Partial<TailQueryOptions<Row>> = {}): Follower => {
    const follower = new Follower((signal) => tailQuery(options({ signal, ...more })));
    followers.push(follower);
    return follower;
  };

  const warnings = (): string[] => warn.mock.calls.map(([text]) => text as string);

  const untilAsked = (times: number): Promise<void> =>
    until(
      () => table.asked.length >= times,
      5_000,
      () => JSON.stringify(table.asked),
    );

  describe('when it begins', () => {
    it('opens nothing before the first row is asked for', async () => {
      tailQuery(options())[Symbol.asyncIterator]();
      await settled();
      expect(pool.clients).toEqual([]);
    });

    it('listens before it asks, so that nothing falls in between', async () => {
      let listen!: () => void;
      pool.prepare = (client) => {
        client.answer = () => new Promise<void>((resolve) => (listen = resolve));
      };
      const follower = follow();
      await until(() => pool.clients[0]?.statements.length === 1);
      await settled();
      expect(pool.clients[0]!.statements).toEqual(['LISTEN "rows"']);
      expect(table.asked).toEqual([]);
      table.add(1);
      listen();
      await until(() => follower.got.length === 1);
    });

    it('gives each row as an event whose id is the cursor, from the cursor on that it is given', async () => {
      table.add(1, 2, 3);
      const follower = follow({ after: '1' });
      await until(() => follower.got.length === 2);
      expect(follower.ids).toEqual(['2', '3']);
      expect(table.asked[0]).toBe('1');
    });

    it('takes rows as an array or as a result has them', async () => {
      table.add(1, 2);
      const follower = follow({ query: async (cursor) => ({ rows: await table.query(cursor) }) });
      await until(() => follower.got.length === 2);
    });

    it('does nothing with a signal that has aborted', async () => {
      const iterator = tailQuery(options({ signal: AbortSignal.abort() }))[Symbol.asyncIterator]();
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
      expect(pool.clients).toEqual([]);
    });

    it.each([
      ['listen', { listen: [] }],
      ['listen', { listen: '' }],
      ['listen', { listen: 'a"; DROP TABLE b; --' }],
      ['listen', { listen: 'x'.repeat(64) }],
      ['listen', { listen: 'ü'.repeat(32) }],
      ['poll', { poll: 0 }],
      ['poll', { poll: 2 ** 31 }],
      ['lookBack', { lookBack: NaN }],
      ['heartbeat', { heartbeat: -1 }],
    ])('refuses options that cannot work: %s, %j', (name, more) => {
      expect(() => tailQuery(options(more))).toThrow(SseConfigurationError);
      expect(() => tailQuery(options(more))).toThrow(name);
    });

    it('refuses a pool of one connection, which listening would take', async () => {
      const follower = follow({ connect: Object.assign(new ScriptedPool(), { options: { max: 1 } }) });
      await follower.done;
      expect(follower.error).toBeInstanceOf(SseConfigurationError);
    });

    it('refuses what is no database', async () => {
      const follower = follow({ connect: {} as ScriptedPool });
      await follower.done;
      expect(follower.error).toMatchObject({ message: expect.stringContaining('connect must be') });
    });

    it('refuses a query that gives no rows', async () => {
      const follower = follow({ query: () => undefined as unknown as Row[] });
      await follower.done;
      expect(follower.error).toMatchObject({ message: expect.stringContaining('query must give rows') });
    });
  });

  describe('while it goes on', () => {
    it('asks again and again until a page has no rows', async () => {
      table.limit = 2;
      table.add(1, 2, 3, 4, 5);
      const follower = follow();
      await untilAsked(4);
      expect(table.asked).toEqual([undefined, '2', '4', '5']);
      expect(follower.got).toEqual([1, 2, 3, 4, 5]);
    });

    it('asks for the next page only when the client has taken the last', async () => {
      table.limit = 2;
      table.add(1, 2, 3, 4, 5);
      const iterator = tailQuery(options())[Symbol.asyncIterator]();
      await iterator.next();
      await iterator.next();
      await settled();
      expect(table.asked).toEqual([undefined]);
      await iterator.next();
      expect(table.asked).toEqual([undefined, '2']);
      await iterator.return!();
    });

    it('makes one query of many notifications, and one more to find that there are no more rows', async () => {
      const follower = follow();
      await untilAsked(1);
      table.add(1, 2, 3);
      for (let count = 0; count < 1_000; count++) {
        pool.clients[0]!.notify('rows');
      }
      await until(() => follower.got.length === 3);
      await settled();
      expect(table.asked).toEqual([undefined, undefined, '3']);
    });

    it('asks again when it is notified while a query is under way that did not see the row', async () => {
      let answer!: () => void;
      const follower = follow({
        query: async (cursor) => {
          const rows = await table.query(cursor);
          await new Promise<void>((resolve) => (answer = resolve));
          return rows;
        },
      });
      await untilAsked(1);
      await until(() => answer !== undefined);
      table.add(1);
      pool.clients[0]!.notify('rows');
      answer();
      await untilAsked(2);
      await settled();
      answer();
      await until(() => follower.got.length === 1);
    });

    it('passes by a notification that does not concern it, and one on another channel', async () => {
      const follower = follow({ concerns: (payload) => payload === 'mine' });
      await untilAsked(1);
      table.add(1);
      pool.clients[0]!.notify('rows', 'another');
      pool.clients[0]!.notify('others', 'mine');
      await settled();
      expect(table.asked).toHaveLength(1);
      pool.clients[0]!.notify('rows', 'mine');
      await until(() => follower.got.length === 1);
    });

    it('ends with what `concerns` throws, and no other stream does', async () => {
      const error = new SyntaxError('no JSON');
      const [other, follower] = [
        follow(),
        follow({
          concerns: () => {
            throw error;
          },
        }),
      ];
      await untilAsked(2);
      table.add(1);
      pool.clients[0]!.notify('rows');
      await follower.done;
      expect(follower.error).toBe(error);
      await until(() => other.got.length === 1);
    });

    it('asks by the clock, for a notification that was lost', async () => {
      const follower = follow({ poll: 50 });
      await untilAsked(1);
      table.add(1);
      await until(() => follower.got.length === 1);
    });

    it('asks a second after a notification that brought nothing, however long `poll` is', async () => {
      const follower = follow({ poll: 60_000 });
      await untilAsked(1);
      pool.clients[0]!.notify('rows');
      await untilAsked(2);
      table.add(1);
      await until(() => follower.got.length === 1);
    });

    it('listens on several channels', async () => {
      const follower = follow({ listen: ['rows', 'more', 'rows'] });
      await untilAsked(1);
      expect(pool.clients[0]!.statements).toEqual(['LISTEN "rows"', 'LISTEN "more"']);
      table.add(1);
      pool.clients[0]!.notify('more');
      await until(() => follower.got.length === 1);
    });
  });

  describe('of the connection that listens', () => {
    it('shares one between all streams of a pool, which goes back with the last', async () => {
      const [one, two, three] = [follow(), follow({ listen: 'others' }), follow()];
      await untilAsked(3);
      expect(pool.clients).toHaveLength(1);
      const [client] = pool.clients as [ScriptedClient];
      expect(client.statements).toEqual(['LISTEN "rows"', 'LISTEN "others"']);

      two.stop.abort();
      await until(() => client.statements.includes('UNLISTEN "others"'));
      one.stop.abort();
      await one.done;
      expect(client.statements).not.toContain('UNLISTEN "rows"');
      expect(client.releases).toEqual([]);

      three.stop.abort();
      await until(() => client.releases.length > 0);
      expect(client.statements.at(-1)).toBe('UNLISTEN *');
      expect(client.releases).toEqual([false]);
      expect(client.eventNames()).toEqual([]);
      expect(pool.listenerCount('error')).toBe(0);
    });

    it('says one thing after the other on it, as pg wants it', async () => {
      const answers: (() => void)[] = [];
      pool.prepare = (client) => {
        client.answer = () => new Promise<void>((resolve) => answers.push(resolve));
      };
      const follower = follow({ listen: ['rows', 'more'] });
      await until(() => answers.length === 1);
      await settled();
      expect(pool.clients[0]!.statements).toEqual(['LISTEN "rows"']);
      answers[0]!();
      await until(() => answers.length === 2);
      answers[1]!();
      table.add(1);
      await until(() => follower.got.length === 1);
      pool.clients[0]!.answer = async () => undefined;
    });

    it('takes another one when streams come again', async () => {
      follow().stop.abort();
      const first = follow();
      await untilAsked(1);
      first.stop.abort();
      await first.done;
      table.add(1);
      const second = follow();
      await until(() => second.got.length === 1);
    });

    it('shares one by the function that gives it, and ends it', async () => {
      const clients: ScriptedClient[] = [];
      const connect = async (): Promise<ScriptedClient> => {
        const client = new ScriptedClient();
        Object.assign(client, { release: undefined });
        clients.push(client);
        return client;
      };
      const [one, two] = [follow({ connect }), follow({ connect })];
      await untilAsked(2);
      expect(clients).toHaveLength(1);
      one.stop.abort();
      two.stop.abort();
      await until(() => clients[0]!.releases.length === 1);
    });

    it('gives back one that comes when nobody waits for it any more', async () => {
      let give!: () => void;
      pool.prepare = () => new Promise<void>((resolve) => (give = resolve));
      const follower = follow();
      await until(() => pool.clients.length === 1);
      follower.stop.abort();
      await follower.done;
      give();
      await until(() => pool.clients[0]!.releases.length === 1);
      expect(pool.clients[0]!.statements).toEqual([]);
    });

    it('connects again when it breaks, and asks, for a notification may have been lost meanwhile', async () => {
      const follower = follow({ poll: 60_000 });
      // The clock has just asked, and does not for the next second and a half.
      await untilAsked(2);
      pool.errors.push(codedError('ECONNREFUSED'), codedError('57P03'));
      pool.clients[0]!.emit('error', new Error('Connection terminated unexpectedly'));
      pool.clients[0]!.emit('end');
      table.add(1);
      await until(() => follower.got.length === 1, 1_500);
      expect(pool.clients).toHaveLength(2);
      expect(pool.clients[0]!.releases).toEqual([true]);
      expect(pool.clients[1]!.statements).toEqual(['LISTEN "rows"']);
      expect(warnings().filter((text) => text.startsWith('The connection that listens to PostgreSQL is lost'))).toEqual(
        ['The connection that listens to PostgreSQL is lost; the stream retries: Connection terminated unexpectedly'],
      );
    });

    it('ends one that does not answer, and takes another', async () => {
      const follower = follow({ heartbeat: 50, poll: 60_000 });
      await untilAsked(1);
      pool.clients[0]!.answer = never;
      table.add(1);
      await until(() => follower.got.length === 1);
      expect(pool.clients[0]!.statements.at(-1)).toBe('SELECT 1');
      expect(pool.clients[0]!.releases).toEqual([true]);
    });

    it('takes another one when LISTEN fails on one that says nothing of its end', async () => {
      pool.prepare = (client) => {
        client.answer = async () => {
          if (pool.clients.length === 1) {
            throw new Error('Query read timeout');
          }
        };
      };
      const follower = follow({ poll: 60_000 });
      table.add(1);
      await until(() => follower.got.length === 1);
      expect(pool.clients).toHaveLength(2);
      expect(pool.clients[0]!.releases).toEqual([true]);
    });

    it('keeps one that answers', async () => {
      follow({ heartbeat: 20 });
      await until(() => (pool.clients[0]?.statements.filter((text) => text === 'SELECT 1').length ?? 0) >= 3);
      expect(pool.clients).toHaveLength(1);
    });

    it('does not let the pool end the process when idle connections break', async () => {
      follow();
      await untilAsked(1);
      expect(() => pool.emit('error', new Error('Connection terminated unexpectedly'))).not.toThrow();
    });

    it.each([
      ['28P01', 'the password is wrong'],
      ['3D000', 'the database is not there'],
      [undefined, 'Cannot use a pool after calling end on the pool'],
    ])('ends the streams when it cannot be had at all: %s, %s', async (code, message) => {
      const error = code === undefined ? new Error(message) : codedError(code, message);
      pool.errors.push(error);
      const follower = follow();
      await follower.done;
      expect(follower.error).toBe(error);
      const later = follow();
      await untilAsked(1);
      later.stop.abort();
    });

    it('is tried anew for a stream that comes while the others are told that it cannot be had', async () => {
      const listener = new PgListener(pool);
      const subscriber = { channels: ['rows'], heartbeat: 1_000, onListening: jest.fn(), onNotification: jest.fn() };
      pool.errors.push(codedError('28P01'));
      const leave: (() => void)[] = [];
      await new Promise<void>((onListening) => {
        const second = { ...subscriber, onListening, onFailed: jest.fn() };
        const first = { ...subscriber, onFailed: () => leave.push(listener.join(second)) };
        leave.push(listener.join(first));
      });
      leave.forEach((each) => each());
      await until(() => pool.clients[0]!.releases.length === 1);
    });

    it('ends a stream whose channel cannot be listened to, and no other', async () => {
      const other = follow();
      await untilAsked(1);
      const error = codedError('25006', 'cannot execute LISTEN during recovery');
      pool.clients[0]!.answer = async () => {
        throw error;
      };
      const follower = follow({ listen: 'others' });
      await follower.done;
      expect(follower.error).toBe(error);
      expect(other.isOver).toBe(false);
    });
  });

  describe('when a query fails', () => {
    it.each([
      ['ECONNRESET', codedError('ECONNRESET')],
      ['57P01', codedError('57P01', 'terminating connection due to administrator command')],
      ['08006', codedError('08006')],
      ['53300', codedError('53300', 'sorry, too many clients already')],
      ['a message of pg', new Error('Connection terminated unexpectedly')],
      ['a query that pg gave up', new Error('Query read timeout')],
      ['a cause', new Error('Failed query', { cause: codedError('ECONNREFUSED') })],
      ['a socket that is not there', Object.assign(codedError('ENOENT'), { syscall: 'connect' })],
    ])('tries again with the same cursor after an error of the connection: %s', async (_name, error) => {
      table.add(1);
      const follower = follow();
      await until(() => follower.got.length === 1);
      let failures = 0;
      table.before = () => {
        if (failures++ < 2) {
          throw error;
        }
      };
      await untilAsked(2);
      table.add(2);
      pool.clients[0]!.notify('rows');
      await until(() => follower.got.length === 2);
      expect(table.asked.slice(1, 5)).toEqual(['1', '1', '1', '1']);
      expect(follower.error).toBeUndefined();
    });

    it.each([
      ['42P01', codedError('42P01', 'relation "rows" does not exist')],
      ['22P02', codedError('22P02')],
      ['a file that is not there', Object.assign(codedError('ENOENT'), { syscall: 'open' })],
      ['a mistake', new TypeError('x is not a function')],
    ])('ends with any other error: %s', async (_name, error) => {
      table.before = () => {
        throw error;
      };
      const follower = follow();
      await follower.done;
      expect(follower.error).toBe(error);
      await until(() => pool.clients[0]!.releases.length === 1);
      expect(table.asked).toHaveLength(1);
    });

    it('ends with what the query throws before it returns a promise', async () => {
      const error = new RangeError('no cursor');
      const follower = follow({
        query: () => {
          throw error;
        },
      });
      await follower.done;
      expect(follower.error).toBe(error);
    });
  });

  describe('ends at once, and gives its connection back,', () => {
    const ways: [string, (follower: { stop: AbortController; iterator: AsyncIterator<unknown> }) => unknown][] = [
      ['when the signal aborts', ({ stop }) => stop.abort()],
      ['when the loop is left', ({ iterator }) => iterator.return!()],
    ];

    it.each(ways)('%s while it waits for a notification', async (_name, end) => {
      const stop = new AbortController();
      const iterator = tailQuery(options({ signal: stop.signal }))[Symbol.asyncIterator]();
      const next = iterator.next();
      await untilAsked(1);
      await settled();
      void end({ stop, iterator });
      expect(await next).toEqual({ done: true, value: undefined });
      await until(() => pool.clients[0]!.releases.length === 1);
    });

    it.each(ways)('%s while a query is under way', async (_name, end) => {
      table.before = never;
      const stop = new AbortController();
      const iterator = tailQuery(options({ signal: stop.signal }))[Symbol.asyncIterator]();
      const next = iterator.next();
      await untilAsked(1);
      void end({ stop, iterator });
      expect(await next).toEqual({ done: true, value: undefined });
      await until(() => pool.clients[0]!.releases.length === 1);
    });

    it.each(ways)('%s while LISTEN is not answered', async (_name, end) => {
      pool.prepare = (client) => {
        client.answer = never;
      };
      const stop = new AbortController();
      const iterator = tailQuery(options({ signal: stop.signal, heartbeat: 100 }))[Symbol.asyncIterator]();
      const next = iterator.next();
      await until(() => pool.clients[0]?.statements.length === 1);
      void end({ stop, iterator });
      expect(await next).toEqual({ done: true, value: undefined });
      await until(() => pool.clients[0]!.releases.length === 1);
      expect(pool.clients[0]!.releases).toEqual([true]);
    });

    it.each(ways)('%s while the database is away', async (_name, end) => {
      // No time between two attempts: one that went on would be seen at once.
      const random = jest.spyOn(Math, 'random').mockReturnValue(0.001);
      table.before = () => {
        throw codedError('ECONNREFUSED');
      };
      const stop = new AbortController();
      const iterator = tailQuery(options({ signal: stop.signal }))[Symbol.asyncIterator]();
      const next = iterator.next();
      await untilAsked(3);
      void end({ stop, iterator });
      expect(await next).toEqual({ done: true, value: undefined });
      const asked = table.asked.length;
      await settled();
      expect(table.asked).toHaveLength(asked);
      random.mockRestore();
    });

    it.each(ways)('%s while the client takes a page', async (_name, end) => {
      table.add(1, 2, 3);
      const stop = new AbortController();
      const iterator = tailQuery(options({ signal: stop.signal }))[Symbol.asyncIterator]();
      await iterator.next();
      void end({ stop, iterator });
      await until(() => pool.clients[0]!.releases.length === 1);
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    });

    it('and leaves nothing on a signal that lives on', async () => {
      const stop = new AbortController();
      const add = jest.spyOn(stop.signal, 'addEventListener');
      const remove = jest.spyOn(stop.signal, 'removeEventListener');
      table.add(1);
      const iterator = tailQuery(options({ signal: stop.signal }))[Symbol.asyncIterator]();
      await iterator.next();
      await iterator.return!();
      expect(add.mock.calls).toHaveLength(1);
      expect(remove.mock.calls.map(([, listener]) => listener)).toContain(add.mock.calls[0]![1]);
    });
  });

  describe('with a cursor that cannot be relied on', () => {
    const failure = async (follower: Follower): Promise<unknown> => {
      await follower.done;
      expect(follower.error).toBeInstanceOf(SseCursorError);
      return follower.error;
    };

    it('ends when a row comes after a row of a higher cursor that was given already', async () => {
      const follower = follow({ poll: 20, after: '0' });
      table.add(1, 3);
      await until(() => follower.got.length === 2);
      // However often it has looked back by then.
      await untilAsked(table.asked.length + 6);
      table.rows.splice(1, 0, { n: 2 });
      expect(await failure(follower)).toMatchObject({ code: 'SSE_CURSOR_ORDER', reason: 'late', cursor: '2' });
      expect(follower.got).toEqual([1, 3]);
    });

    it('finds it while notifications never cease', async () => {
      const follower = follow({ lookBack: 100, after: '0' });
      table.add(1, 3);
      await until(() => follower.got.length === 2);
      table.rows.splice(1, 0, { n: 2 });
      const notify = setInterval(() => pool.clients[0]!.notify('rows'), 5);
      try {
        expect(await failure(follower)).toMatchObject({ reason: 'late', cursor: '2' });
      } finally {
        clearInterval(notify);
      }
    });

    it('finds it on whatever page the row is', async () => {
      table.limit = 2;
      const follower = follow({ poll: 50, after: '0' });
      table.add(1, 2, 3, 4, 6, 7);
      await until(() => follower.got.length === 6);
      table.rows.splice(4, 0, { n: 5 });
      expect(await failure(follower)).toMatchObject({ reason: 'late', cursor: '5' });
    });

    it('warns of a cursor that nobody has vouched for, once for each channel of a database', () => {
      tailQuery(options());
      tailQuery(options());
      tailQuery(options({ listen: 'others' }));
      expect(warnings()).toEqual([
        expect.stringContaining('tailQuery on "rows": its cursor must grow in the order in which transactions commit'),
        expect.stringContaining('tailQuery on "others"'),
      ]);
    });

    it.each<[string, Partial<TailQueryOptions<never>>]>([
      ['is that of commitOrder', { cursorOf: commitOrder.cursorOf }],
      ['is said to be safe', { lookBack: false }],
    ])('does not warn where it %s', (_name, more) => {
      tailQuery({ ...options(), ...more } as TailQueryOptions<Row>);
      expect(warnings()).toEqual([]);
    });

    it('does not look back where it is told so', async () => {
      const follower = follow({ poll: 20, after: '0', lookBack: false });
      table.add(1, 3);
      await until(() => follower.got.length === 2);
      table.rows.splice(1, 0, { n: 2 });
      const asked = table.asked.length;
      await untilAsked(asked + 5);
      expect(new Set(table.asked.slice(asked))).toEqual(new Set(['3']));
      expect(follower.error).toBeUndefined();
    });

    it('is content with rows that go, and with new ones that come while it looks back', async () => {
      const follower = follow({ poll: 10, lookBack: 50, after: '0' });
      for (let n = 1; n <= 40; n++) {
        table.add(n);
        if (n % 3 === 0) {
          table.rows.shift();
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await until(() => follower.got.includes(40));
      expect(follower.error).toBeUndefined();
    });

    it('does not compare with what a client gets that comes for the first time, which may be chosen otherwise', async () => {
      const even = async (cursor: string | undefined): Promise<Row[]> =>
        cursor === undefined ? table.rows.filter(({ n }) => n % 2 === 0) : table.query(cursor);
      // More than is looked back at.
      table.add(...Array.from({ length: 1_200 }, (_, n) => n + 1));
      const follower = follow({ poll: 10, query: even });
      await until(() => follower.got.length === 600);
      table.add(1_201);
      await until(() => follower.got.length === 601);
      await untilAsked(10);
      expect(follower.got.slice(-2)).toEqual([1_200, 1_201]);
      expect(follower.error).toBeUndefined();
    });

    it.each<[string, Partial<TailQueryOptions<Row>>, number[]]>([
      ['the query gives the row of the cursor again', { query: () => [{ n: 1 }] }, [1]],
      ['two rows of a page have the same cursor', { query: () => [{ n: 1 }, { n: 2 }, { n: 1 }] }, [1, 2]],
      ['the query gives the row that it is to begin after', { query: () => [{ n: 7 }], after: '7' }, []],
    ])('ends when %s, and gives no row twice', async (_name, more, got) => {
      const follower = follow(more);
      expect(await failure(follower)).toMatchObject({ reason: 'repeated' });
      expect(follower.got).toEqual(got);
    });

    it.each([undefined, '', 5])('ends when a row has none: %j', async (cursor) => {
      table.add(1);
      const follower = follow({ cursorOf: () => cursor as string });
      expect(await failure(follower)).toMatchObject({ reason: 'invalid', cursor });
      expect(follower.got).toEqual([]);
    });
  });
});
