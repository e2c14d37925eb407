import { Logger } from '@nestjs/common';
import { Client, Pool } from 'pg';
import { tailCursor } from '../../src/postgres/tail-cursor';
import type { TailCursorOptions } from '../../src/postgres/tail-cursor-options';
import type { TailedChange } from '../../src/postgres/tailed-change';
import { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { within } from '../../src/testing/backplane/within';
import { MaterializeStandIn, type BidRow } from '../support/materialize-stand-in';
import { until } from '../support/until';

const LIMIT = 10_000;

/** What a client holds of the relation, and the last id that it was given. */
class Replica {
  readonly rows = new Map<string, string>();
  id: string | undefined;

  take(change: TailedChange<BidRow>): void {
    this.id = change.id;
    if (change.event === 'snapshot') {
      this.rows.clear();
    } else if (change.event === 'delete') {
      this.rows.delete(change.data.id);
    } else if (change.event !== 'start') {
      this.rows.set(change.data.id, change.data.amount);
    }
  }
}

describe('tailCursor on a stand-in for Materialize', () => {
  let standIn: MaterializeStandIn;
  let pool: Pool;
  const streams: AsyncIterator<TailedChange<BidRow>>[] = [];

  beforeAll(() => Logger.overrideLogger(false));

  beforeEach(async () => {
    standIn = await MaterializeStandIn.start();
    pool = new Pool({ host: '127.0.0.1', port: standIn.port, user: 'someone', database: 'materialize', max: 20 });
    pool.on('error', () => undefined);
  });

  afterEach(async () => {
    await Promise.all(streams.splice(0).map((stream) => stream.return?.()));
    await until(() => pool.totalCount === pool.idleCount);
    await pool.end();
    await standIn.close();
  });

  const subscribe =
    (options = 'PROGRESS, ', relation = 'SUBSCRIBE bids') =>
    (after: string | undefined): string =>
      `DECLARE c CURSOR FOR ${relation} WITH (${options}SNAPSHOT = ${after === undefined})${after === undefined ? '' : ` AS OF ${after}`}`;

  const tail = (options: Partial<TailCursorOptions<BidRow>> = {}): AsyncIterator<TailedChange<BidRow>> => {
    const stream = tailCursor<BidRow>({
      connect: pool,
      declare: subscribe(),
      keyOf: ({ id }) => id,
      ...options,
    })[Symbol.asyncIterator]();
    streams.push(stream);
    return stream;
  };

  const take = async (stream: AsyncIterator<TailedChange<BidRow>>, count: number): Promise<TailedChange<BidRow>[]> => {
    const changes: TailedChange<BidRow>[] = [];
    while (changes.length < count) {
      const { value, done } = await within(LIMIT, `change ${changes.length + 1} of ${count}`, stream.next());
      if (done) {
        throw new Error(`The stream has ended after ${JSON.stringify(changes)}`);
      }
      changes.push(value);
    }
    return changes;
  };

  const seen = ({ event, data, id }: TailedChange<BidRow>): unknown => ({ event, ...(data && { data }), id });
  const change = (event: string, id: string, amount: number, timestamp: number | ''): unknown => ({
    event,
    data: { id, amount: String(amount) },
    id: String(timestamp),
  });
  const snapshot = (reason: string): unknown => ({ event: 'snapshot', data: { reason }, id: '' });

  describe.each([
    ['SUBSCRIBE with progress', subscribe()],
    ['SUBSCRIBE without progress', subscribe('')],
    ['TAIL, as older versions call it', subscribe('PROGRESS, ', 'TAIL bids')],
  ])('%s', (_, declare) => {
    it('gives the relation as it is, and then tells what is inserted, updated and deleted', async () => {
      const first = standIn.write([1, 'a', 1], [1, 'b', 2]);
      const stream = tail({ declare });
      const changes = take(stream, 7);
      await until(() => standIn.statements.some((statement) => statement.startsWith('FETCH')));
      const second = standIn.write([-1, 'a', 1], [1, 'a', 5], [1, 'c', 3]);
      const third = standIn.write([-1, 'b', 2]);
      const fourth = standIn.write([1, 'd', 4]);
      standIn.write([1, 'e', 5]);
      expect((await changes).map(seen)).toEqual([
        snapshot('first'),
        change('insert', 'b', 2, ''),
        change('insert', 'a', 1, first),
        change('insert', 'c', 3, first),
        change('update', 'a', 5, second),
        change('delete', 'b', 2, third),
        change('insert', 'd', 4, fourth),
      ]);
    });

    it('goes on after an id with what came later, once', async () => {
      const ids = [1, 2, 3, 4].map((amount) => standIn.write([1, `bid ${amount}`, amount]));
      standIn.write([1, 'last', 9]);
      for (const [index, id] of ids.slice(0, 3).entries()) {
        const changes = await take(tail({ declare, after: String(id) }), 3 - index);
        expect(changes.map(seen)).toEqual(
          [2, 3, 4].slice(index).map((amount) => change('insert', `bid ${amount}`, amount, ids[amount - 1]!)),
        );
      }
    });
  });

  it('tells a row that came or changed as upsert, where ENVELOPE UPSERT is asked for', async () => {
    const declare = (after: string | undefined): string =>
      `DECLARE c CURSOR FOR SUBSCRIBE bids ENVELOPE UPSERT (KEY (id)) WITH (PROGRESS, SNAPSHOT = ${after === undefined})`;
    const first = standIn.write([1, 'a', 1]);
    const stream = tail({ declare, keyOf: undefined });
    expect((await take(stream, 2)).map(seen)).toEqual([snapshot('first'), change('upsert', 'a', 1, first)]);
    const second = standIn.write([-1, 'a', 1], [1, 'a', 2]);
    const third = standIn.write([-1, 'a', 2]);
    expect((await take(stream, 2)).map(seen)).toEqual([
      change('upsert', 'a', 2, second),
      { event: 'delete', data: { id: 'a', amount: null }, id: String(third) },
    ]);
    standIn.write([1, 'a', 1], [1, 'a', 2]);
    await expect(take(stream, 1)).rejects.toMatchObject({ code: 'SSE_TAIL_CURSOR', reason: 'key' });
  });

  it('tells an update as a delete and an insert where nothing names the row', async () => {
    standIn.write([1, 'a', 1]);
    const stream = tail({ keyOf: undefined });
    await take(stream, 2);
    const id = standIn.write([1, 'a', 2], [-1, 'a', 1]);
    expect((await take(stream, 2)).map(({ event, id: at }) => [event, at])).toEqual([
      ['delete', String(id - 1)],
      ['insert', String(id)],
    ]);
  });

  it('gives nothing of a timestamp that is not complete', async () => {
    const stream = tail();
    standIn.write([1, 'a', 1]);
    await take(stream, 2);
    const next = take(stream, 2);
    const isThere = jest.fn();
    void next.then(isThere);
    const id = standIn.begin([1, 'b', 2]);
    standIn.begin([1, 'c', 3]);
    await pool.query('BEGIN');
    await pool.query('ROLLBACK');
    expect(isThere).not.toHaveBeenCalled();
    standIn.advance();
    expect((await next).map(({ id: at }) => at)).toEqual([String(id - 1), String(id)]);
  });

  it('announces an empty relation, so that a client drops what it had', async () => {
    const stream = tail();
    const announced = take(stream, 1);
    await until(() => standIn.statements.some((statement) => statement.startsWith('FETCH')));
    standIn.advance();
    expect((await announced).map(seen)).toEqual([snapshot('first')]);
  });

  it('tells how far it is while nothing changes', async () => {
    standIn.write([1, 'a', 1]);
    const stream = tail({ progress: 1 });
    await take(stream, 2);
    const told = take(stream, 1);
    const timer = setInterval(() => standIn.advance(10), 5);
    const [progress] = await told;
    clearInterval(timer);
    expect(progress).toEqual({
      event: 'start',
      id: expect.stringMatching(/^\d+$/),
      data: { position: expect.stringMatching(/^\d+$/) },
    });
    const id = standIn.write([1, 'b', 2]);
    standIn.compact(Number(progress!.id));
    const resumed = await take(tail({ after: progress!.id, progress: false }), 1);
    expect(resumed.map(seen)).toEqual([change('insert', 'b', 2, id)]);
  });

  it.each(['-1', ' 1', '1 OR 1=1', '1e3', '01', `1); DROP TABLE bids; --`, '\0', '9'.repeat(39), 'abc'])(
    'begins anew where a client comes with %j, which never becomes a part of a statement',
    async (after) => {
      const id = standIn.write([1, 'a', 1]);
      const changes = await take(tail({ after }), 2);
      expect(changes.map(seen)).toEqual([snapshot('invalid'), change('insert', 'a', 1, id)]);
      expect(standIn.statements.filter((statement) => statement.startsWith('DECLARE'))).toEqual([
        subscribe()(undefined),
      ]);
    },
  );

  it('begins anew where the history does not reach back to the id', async () => {
    const old = standIn.write([1, 'a', 1]);
    standIn.write([-1, 'a', 1], [1, 'b', 2]);
    const id = standIn.write([1, 'c', 3]);
    standIn.compact();
    const changes = await take(tail({ after: String(old) }), 3);
    expect(changes.map(seen)).toEqual([
      snapshot('trimmed'),
      change('insert', 'c', 3, ''),
      change('insert', 'b', 2, id),
    ]);
  });

  it('refuses a snapshot where one is given after an id: the rows would come twice', async () => {
    const id = standIn.write([1, 'a', 1]);
    standIn.advance();
    const stream = tail({ after: String(id), declare: (after) => `${subscribe()(undefined)} AS OF ${after}` });
    await expect(take(stream, 1)).rejects.toMatchObject({ code: 'SSE_TAIL_CURSOR', reason: 'backwards' });
  });

  it('refuses to hold more rows of a timestamp than it may', async () => {
    standIn.write(...Array.from({ length: 11 }, (_, index) => [1, `bid ${index}`, index] as [number, string, number]));
    await expect(take(tail({ maxRows: 10 }), 1)).rejects.toMatchObject({ reason: 'overflow' });
    expect(await take(tail({ maxRows: 11 }), 12)).toHaveLength(12);
  });

  it('ends with what the server refuses, and lets its connection go', async () => {
    standIn.refusal = {
      statement: /^DECLARE/,
      code: '42501',
      message: 'permission denied for MATERIALIZED VIEW "bids"',
    };
    await expect(take(tail(), 1)).rejects.toMatchObject({
      code: 'SSE_TAIL_CURSOR',
      reason: 'refused',
      message: expect.stringContaining('permission denied'),
      cause: { code: '42501' },
    });
    await until(() => pool.idleCount === pool.totalCount && standIn.transactions === 0);
  });

  describe('the connection', () => {
    it.each([
      ['breaks', (): void => standIn.breakAll()],
      ['does not answer any more', (): void => standIn.freeze()],
    ])('%s: it goes on from the last complete timestamp, and nothing is lost or doubled', async (_, fault) => {
      standIn.write([1, 'a', 1]);
      const stream = tail({ silence: 500 });
      await take(stream, 2);
      const next = take(stream, 3);
      await until(() => standIn.statements.filter((statement) => statement.startsWith('FETCH')).length > 1);
      standIn.begin([1, 'b', 2]);
      fault();
      standIn.advance();
      const second = standIn.write([-1, 'b', 2], [1, 'b', 3]);
      const third = standIn.write([1, 'c', 4]);
      expect((await next).map(seen)).toEqual([
        change('insert', 'b', 2, second - 1),
        change('update', 'b', 3, second),
        change('insert', 'c', 4, third),
      ]);
    });

    it('breaks while the snapshot is read: the snapshot is given once, whole', async () => {
      const id = standIn.write([1, 'a', 1], [1, 'b', 2], [1, 'c', 3]);
      const stream = tail({ fetch: 'FETCH 1 c' });
      const changes = take(stream, 4);
      await until(() => standIn.statements.filter((statement) => statement.startsWith('FETCH')).length > 2);
      standIn.breakAll();
      expect((await changes).map(seen)).toEqual([
        snapshot('first'),
        change('insert', 'c', 3, ''),
        change('insert', 'b', 2, ''),
        change('insert', 'a', 1, id),
      ]);
      expect(standIn.statements.filter((statement) => statement.startsWith('DECLARE'))).toHaveLength(2);
    });

    it('is away for long: it is tried until it is back, and not all the time', async () => {
      standIn.write([1, 'a', 1]);
      const attempts: number[] = [];
      const { port } = standIn;
      const connect = async (): Promise<Client> => {
        attempts.push(performance.now());
        const client = new Client({ host: '127.0.0.1', port, user: 'someone', database: 'materialize' });
        await client.connect();
        return client;
      };
      const stream = tail({ connect });
      await take(stream, 2);
      const next = take(stream, 1);
      const comeBack = await standIn.goAway();
      const id = standIn.write([1, 'b', 2]);
      await until(() => attempts.length >= 6);
      await comeBack();
      expect((await next).map(seen)).toEqual([change('insert', 'b', 2, id)]);
      // Pauses of up to 100, 200, 400 and 800 ms; without any it would be a few milliseconds.
      expect(attempts[5]! - attempts[1]!).toBeGreaterThan(60);
    }, 20_000);

    it('is away until the history is gone: it begins anew, and says so', async () => {
      standIn.write([1, 'a', 1]);
      const stream = tail();
      await take(stream, 2);
      const next = take(stream, 2);
      const comeBack = await standIn.goAway();
      const id = standIn.write([-1, 'a', 1], [1, 'b', 2]);
      standIn.compact();
      await comeBack();
      expect((await next).map(seen)).toEqual([snapshot('trimmed'), change('insert', 'b', 2, id)]);
    });

    it('is given back in order when the signal aborts, and the stream ends at once', async () => {
      standIn.write([1, 'a', 1]);
      const abort = new AbortController();
      const stream = tail({ signal: abort.signal, fetch: `FETCH ALL c WITH (timeout = '0.2s')` });
      await take(stream, 2);
      const end = stream.next();
      abort.abort();
      expect(await within(100, 'the end', end)).toEqual({ done: true, value: undefined });
      await until(() => pool.idleCount === 1 && standIn.transactions === 0);
      expect(standIn.statements.at(-1)).toBe('ROLLBACK');
      expect(standIn.connections).toBe(1);
      expect(await within(100, 'the end once more', stream.next())).toEqual({ done: true, value: undefined });
    });

    it('is given back when the signal aborts while nobody reads', async () => {
      standIn.write([1, 'a', 1], [1, 'b', 2]);
      const abort = new AbortController();
      await take(tail({ signal: abort.signal }), 2);
      expect(standIn.transactions).toBe(1);
      abort.abort();
      await until(() => pool.idleCount === 1 && standIn.transactions === 0);
    });

    it('is ended when the signal aborts while it does not answer', async () => {
      standIn.write([1, 'a', 1]);
      const abort = new AbortController();
      const stream = tail({ signal: abort.signal });
      await take(stream, 2);
      const end = stream.next();
      standIn.freeze();
      abort.abort();
      expect(await within(100, 'the end', end)).toEqual({ done: true, value: undefined });
      await until(() => pool.totalCount === 0 && standIn.connections === 0);
    });

    it('that comes when the stream has ended already is given back', async () => {
      const connecting: ((client: Client) => void)[] = [];
      const client = new Client({ host: '127.0.0.1', port: standIn.port, user: 'someone', database: 'materialize' });
      await client.connect();
      const abort = new AbortController();
      const stream = tail({
        signal: abort.signal,
        connect: () => new Promise<Client>((resolve) => connecting.push(resolve)),
      });
      const end = stream.next();
      await until(() => connecting.length === 1);
      abort.abort();
      await within(100, 'the end', end);
      connecting[0]!(client);
      await until(() => standIn.connections === 0);
    });

    it('is not taken before somebody reads, nor for a signal that has aborted', async () => {
      tail();
      const stream = tail({ signal: AbortSignal.abort() });
      expect(await stream.next()).toEqual({ done: true, value: undefined });
      expect(pool.totalCount).toBe(0);
    });

    it('comes from a function as well, and is ended then', async () => {
      const id = standIn.write([1, 'a', 1]);
      const stream = tail({
        connect: async () => {
          const client = new Client({
            host: '127.0.0.1',
            port: standIn.port,
            user: 'someone',
            database: 'materialize',
          });
          await client.connect();
          return client;
        },
      });
      expect((await take(stream, 2)).map(seen)).toEqual([snapshot('first'), change('insert', 'a', 1, id)]);
      await stream.return?.();
      await until(() => standIn.connections === 0);
    });
  });

  it.each([1, 2, 3, 4])(
    'a relation that changes, clients that drop and connections that break: every copy is right (schedule %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const contents = new Map<string, number>();
      let last = Infinity;
      const write = (): void => {
        const changes: [number, string, number][] = [];
        const ids = new Set(Array.from({ length: 1 + random.below(4) }, () => `bid ${random.below(12)}`));
        for (const id of ids) {
          const before = contents.get(id);
          if (before !== undefined) {
            changes.push([-1, id, before]);
            contents.delete(id);
          }
          if (before === undefined || random.below(3) > 0) {
            const amount = random.below(1_000_000);
            changes.push([1, id, amount]);
            contents.set(id, amount);
          }
        }
        standIn.write(...changes);
      };
      const client = async (): Promise<Replica> => {
        const replica = new Replica();
        const isThere = (): boolean => Number(replica.id || 0) >= last;
        while (!isThere()) {
          const abort = new AbortController();
          const stream = tail({
            after: replica.id,
            signal: abort.signal,
            progress: random.pick([false, 1]),
            silence: 1_000,
          });
          for (let left = 1 + random.below(40); left > 0 && !isThere(); left--) {
            const { value, done } = await within(LIMIT, 'a change', stream.next());
            if (done) {
              break;
            }
            replica.take(value);
          }
          if (random.below(2) === 0) {
            abort.abort();
          } else {
            await stream.return?.();
          }
        }
        return replica;
      };
      const replicas = Promise.all(Array.from({ length: 6 }, client));
      for (let round = 0; round < 150; round++) {
        write();
        const fault = random.below(40);
        if (fault === 0) {
          standIn.breakAll();
        } else if (fault === 1) {
          standIn.compact(standIn.now - 5);
        }
        await new Promise((resolve) => setTimeout(resolve, random.below(4)));
      }
      last = standIn.write([1, 'end', 0]);
      contents.set('end', 0);
      for (const { rows } of await within(30_000, 'every client', replicas)) {
        expect(Object.fromEntries(rows)).toEqual(
          Object.fromEntries([...contents].map(([id, amount]) => [id, String(amount)])),
        );
      }
    },
    60_000,
  );
});
