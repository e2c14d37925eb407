import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryBounds } from '../../src/channel/backplane';
import { resolvePostgresOptions } from '../../src/postgres/postgres-backplane-options';
import type { PgPool, PgPoolClient, PgQuery } from '../../src/postgres/pg-pool';
import { positionOf, readPosition, tagOf } from '../../src/postgres/postgres-position';
import { PublishLane, type Publication } from '../../src/postgres/publish-lane';
import { payloadOf, storedPayload } from '../../src/postgres/stored-payload';

const HISTORY: HistoryBounds = { maxEvents: 10, maxBytes: 1_000, maxAge: 60_000 };

describe('the position of an event in PostgreSQL', () => {
  const place = { epoch: '0123456789', nonce: 'ffffffff', n: '42' };

  it('is read back, in its own topic alone', () => {
    const position = positionOf(tagOf('topic'), place);
    expect(position).toMatch(/^[\w.~-]{1,96}$/);
    expect(readPosition(tagOf('topic'), position)).toEqual(place);
    expect(readPosition(tagOf('another'), position)).toBeUndefined();
  });

  it('has its greatest number still within the form of positions', () => {
    const position = positionOf('z'.repeat(10), { ...place, n: '9'.repeat(16) });
    expect(position).toMatch(/^[\w.~-]{1,96}$/);
  });

  it.each([
    '',
    '~end',
    '0',
    '0123456789',
    '0123456789-tag-1.01',
    '0123456789-tag-1.-1',
    '0123456789-tag-1.1e3',
    '9'.repeat(96),
  ])('is not %j', (after) => {
    expect(readPosition('tag', after)).toBeUndefined();
  });
});

describe('a payload as PostgreSQL stores it', () => {
  it.each(['', 'text', '\0', 'a\0b\u0001', '\u0001', '\u0001"x"', '"quoted\\"', '🎈\u2028\n'])(
    '%j is read back',
    (payload) => {
      const stored = storedPayload(payload);
      expect(stored).not.toContain('\0');
      expect(payloadOf(stored)).toBe(payload);
    },
  );

  it('is itself, where it has nothing that cannot be stored', () => {
    expect(storedPayload('data: {"a":1}\n\n')).toBe('data: {"a":1}\n\n');
  });
});

describe('the publications of an instance', () => {
  /** A pool whose server answers when it is told to. */
  class SlowPool implements PgPool {
    readonly batches: { topics: string[]; counts: number[]; text: string }[] = [];
    readonly released: boolean[] = [];
    private answers: (() => void)[] = [];
    private n = 0;

    async connect(): Promise<PgPoolClient> {
      return {
        query: async ({ values }: PgQuery) => {
          const [topics, , counts, , , , lengths, , payloads] = values as never as [
            string[],
            string[],
            number[],
            ...unknown[],
          ] &
            [unknown, unknown, unknown, unknown, unknown, unknown, number[], unknown, Buffer];
          this.batches.push({ topics, counts, text: payloads.toString() });
          await new Promise<void>((resolve) => this.answers.push(resolve));
          return { rows: lengths.map(() => ['0123456789', String(++this.n), 'a', 'f']) };
        },
        release: (isBroken = false) => this.released.push(isBroken),
        on: () => undefined,
        removeListener: () => undefined,
      };
    }

    on(): void {}

    removeListener(): void {}

    async answer(): Promise<void> {
      while (this.answers.length === 0) {
        await sleep(1);
      }
      this.answers.shift()!();
    }
  }

  const publication = (topic: string, payload: string, more: Partial<Publication> = {}): Publication => ({
    topic,
    payload,
    key: undefined,
    history: HISTORY,
    signal: undefined,
    ...more,
  });

  it('of one turn go together; those that come meanwhile wait, and go together after them', async () => {
    const pool = new SlowPool();
    const lane = new PublishLane(pool, 'publish', 1_000);
    const first = [
      lane.publish(publication('b', '1')),
      lane.publish(publication('a', '2')),
      lane.publish(publication('b', '3')),
    ];
    await sleep(5);
    const second = [lane.publish(publication('a', '4')), lane.publish(publication('a', '5'))];
    await sleep(5);
    expect(pool.batches).toEqual([{ topics: ['a', 'b'], counts: [1, 2], text: '213' }]);
    await pool.answer();
    const numbers = (await Promise.all(first)).map(({ position }) => position.split('.')[1]);
    expect(numbers).toEqual(['2', '1', '3']);
    await pool.answer();
    await Promise.all(second);
    expect(pool.batches[1]).toEqual({ topics: ['a'], counts: [2], text: '45' });
    expect(pool.released).toEqual([false, false]);
  });

  it('go together no further than 256, a megabyte, or another history of the same topic', async () => {
    const pool = new SlowPool();
    const lane = new PublishLane(pool, 'publish', 1_000);
    const large = 'x'.repeat(600_000);
    const other = { ...HISTORY, maxEvents: 11 };
    const publications = [
      ...Array.from({ length: 300 }, () => publication('many', 'y')),
      publication('large', large),
      publication('large', large),
      publication('topic', '1'),
      publication('another', '2', { history: other }),
      publication('topic', '3', { history: other }),
    ].map((given) => lane.publish(given));
    for (let batch = 0; batch < 4; batch++) {
      await pool.answer();
    }
    await Promise.all(publications);
    expect(
      pool.batches.map(({ topics, counts }) => Object.fromEntries(topics.map((topic, at) => [topic, counts[at]]))),
    ).toEqual([{ many: 256 }, { many: 44, large: 1 }, { large: 1, topic: 1, another: 1 }, { topic: 1 }]);
  });

  it('that wait are rejected at close; what is under way is waited for', async () => {
    const pool = new SlowPool();
    const lane = new PublishLane(pool, 'publish', 1_000);
    const underWay = lane.publish(publication('topic', '1'));
    await sleep(5);
    const waiting = lane.publish(publication('topic', '2'));
    const closed = lane.close();
    await pool.answer();
    await expect(underWay).resolves.toMatchObject({ duplicate: false });
    await expect(waiting).rejects.toMatchObject({ code: 'SSE_CLOSED' });
    await closed;
    expect(pool.batches).toHaveLength(1);
  });

  it('whose answer does not come leave the outcome unknown, and end the connection', async () => {
    const pool = new SlowPool();
    const lane = new PublishLane(pool, 'publish', 20);
    await expect(lane.publish(publication('topic', '1'))).rejects.toMatchObject({ code: 'SSE_OUTCOME_UNKNOWN' });
    expect(pool.released).toEqual([true]);
  });

  it('that get no connection are unavailable; one that comes later goes back', async () => {
    const pool = new SlowPool();
    let give!: (client: PgPoolClient) => void;
    const client = await pool.connect();
    pool.connect = () => new Promise((resolve) => (give = resolve));
    const lane = new PublishLane(pool, 'publish', 20);
    await expect(lane.publish(publication('topic', '1'))).rejects.toMatchObject({ code: 'SSE_UNAVAILABLE' });
    give(client);
    await sleep(1);
    expect(pool.released).toEqual([false]);
    expect(pool.batches).toEqual([]);
  });

  it.each([
    ['the server refuses', { code: '25006', severity: 'ERROR' }, 'SSE_UNAVAILABLE', false],
    ['a statement is cancelled', { code: '57014', severity: 'FEHLER' }, 'SSE_UNAVAILABLE', false],
    ['the server is shut down', { code: '57P01', severity: 'FATAL' }, 'SSE_OUTCOME_UNKNOWN', true],
    ['the server panics', { code: '53100', severity: 'PANIC' }, 'SSE_OUTCOME_UNKNOWN', true],
    ['the socket breaks', { code: 'EPIPE', syscall: 'write' }, 'SSE_OUTCOME_UNKNOWN', true],
    ['the connection ends', {}, 'SSE_OUTCOME_UNKNOWN', true],
  ])('are told apart where %s', async (_, fields, code, isBroken) => {
    const pool = new SlowPool();
    const client = await pool.connect();
    const cause = Object.assign(new Error('what the driver says'), fields);
    pool.connect = async () => ({ ...client, query: () => Promise.reject(cause) });
    const lane = new PublishLane(pool, 'publish', 1_000);
    await expect(lane.publish(publication('topic', '1'))).rejects.toMatchObject({ code, cause });
    expect(pool.released).toEqual([isBroken]);
  });

  it('leave no listener on their signals', async () => {
    const pool = new SlowPool();
    const lane = new PublishLane(pool, 'publish', 1_000);
    const { signal } = new AbortController();
    const remove = jest.spyOn(signal, 'removeEventListener');
    const publishing = lane.publish(publication('topic', '1', { signal }));
    await pool.answer();
    await publishing;
    expect(remove).toHaveBeenCalledTimes(1);
  });
});

describe('the options of the PostgreSQL backplane', () => {
  const pool = new (class {
    readonly options = { max: 10 };
    connect(): never {
      throw new Error('not here');
    }
    on(): void {}
    removeListener(): void {}
  })();

  it('have defaults', () => {
    expect(resolvePostgresOptions({ pool })).toEqual({
      pool,
      schema: 'public',
      prefix: 'sse_',
      createTables: true,
      heartbeat: 5_000,
      commandTimeout: 5_000,
    });
  });

  it.each([
    [{ pool: undefined }, 'a Pool of the package pg'],
    [{ pool: {} }, 'a Pool of the package pg'],
    [{ pool: { ...pool, connect: pool.connect, on: pool.on, options: { max: 1 } } }, '2 connections or more'],
    [{ heartbeat: 0 }, 'heartbeat'],
    [{ heartbeat: Infinity }, 'heartbeat'],
    [{ commandTimeout: Number.NaN }, 'commandTimeout'],
    [{ schema: 'a"b' }, 'schema'],
    [{ prefix: 'x'.repeat(31) }, 'prefix'],
    [{ prefix: '' }, 'prefix'],
    [{ hearbeat: 1_000 }, 'no option "hearbeat"'],
  ])('are refused: %j', (options, message) => {
    expect(() => resolvePostgresOptions({ pool, ...options } as never)).toThrow(
      expect.objectContaining({ code: 'SSE_INVALID_CONFIGURATION', message: expect.stringContaining(message) }),
    );
  });
});
