import { CursorChanges, type CursorColumns, type CursorReading } from '../../src/postgres/cursor-changes';

interface Bid {
  readonly id: string;
  readonly amount?: number;
}

type Row = Bid & CursorColumns;

const row = (timestamp: unknown, diff: number | string, id: string, amount = 0): Row => ({
  mz_timestamp: timestamp,
  mz_diff: diff,
  id,
  amount,
});
const progress = (timestamp: unknown): Row => ({ mz_timestamp: timestamp, mz_progressed: true, mz_diff: null, id: '' });

function groups(rows: readonly Row[], options: Partial<CursorReading<Bid>> = {}, after?: string): unknown[] {
  const changes = new CursorChanges<Bid>(
    { idOf: ({ mz_timestamp: timestamp }) => timestamp, keyOf: ({ id }) => id, maxRows: 100, ...options },
    after,
  );
  return [...changes.take(rows)].map(({ id, changes: given }) => [
    id,
    ...given.map(({ kind, row: { id: of, amount } }) => `${kind} ${of} ${amount}`),
  ]);
}

describe('the changes that the rows of a cursor stand for', () => {
  it('are given when a later timestamp, or progress beyond theirs, says that it is complete', () => {
    expect(groups([row('5', 1, 'a'), row('5', 1, 'b')])).toEqual([]);
    expect(groups([row('5', 1, 'a'), row('6', 1, 'b')])).toEqual([['5', 'insert a 0']]);
    expect(groups([row('5', 1, 'a'), progress('5')])).toEqual([]);
    expect(groups([row('5', 1, 'a'), progress('6')])).toEqual([['5', 'insert a 0'], ['5']]);
    expect(groups([row('5', 1, 'a'), progress('9')])).toEqual([['5', 'insert a 0'], ['8']]);
  });

  it('say nothing of what was before the timestamp that the cursor begins with', () => {
    expect(groups([progress('5')])).toEqual([]);
    expect(groups([progress('5'), row('5', 1, 'a'), progress('6')])).toEqual([['5', 'insert a 0'], ['5']]);
    expect(groups([progress('5'), progress('6')])).toEqual([['5']]);
    expect(groups([progress('0'), progress('1')])).toEqual([['0']]);
  });

  it('pair what went and what came by the key, whatever their order', () => {
    const first = [row('1', 1, 'a', 2), row('1', -1, 'a', 1), row('1', -1, 'b', 1), row('1', 1, 'c', 1)];
    for (const rows of [first, first.toReversed()]) {
      const [[, ...changes]] = groups([...rows, progress('2')]) as [string[]];
      expect(changes.toSorted()).toEqual(['delete b 1', 'insert c 1', 'update a 2']);
      expect(changes[0]).toBe('delete b 1');
    }
  });

  it('are a delete and an insert where there is no key, the delete first', () => {
    const rows = [row('1', 1, 'a', 2), row('1', -1, 'a', 1), progress('2')];
    expect(groups(rows, { keyOf: undefined })[0]).toEqual(['1', 'delete a 1', 'insert a 2']);
  });

  it('count copies', () => {
    expect(groups([row('1', 2, 'a', 1), progress('2')])[0]).toEqual(['1', 'insert a 1', 'insert a 1']);
    expect(groups([row('1', '-2', 'a', 1), row('1', 1, 'a', 2), progress('2')])[0]).toEqual([
      '1',
      'delete a 1',
      'update a 2',
    ]);
  });

  it('keep types apart that make the same text', () => {
    const rows = [row('1', -1, '1', 1), row('1', 1, '1', 2), progress('2')];
    let calls = 0;
    expect(groups(rows, { keyOf: () => (calls++ === 0 ? 1 : '1') })[0]).toEqual(['1', 'delete 1 1', 'insert 1 2']);
  });

  it('have the columns of the relation alone', () => {
    const changes = new CursorChanges<Bid>({ idOf: () => 1n, maxRows: 9 }, undefined);
    const rows = [{ ...row(1, 1, 'a', 1), mz_progressed: false }];
    expect([...changes.take(rows)]).toEqual([]);
    expect([...changes.take([{ ...row(1, 1, 'b'), mz_progressed: 't' }])]).toEqual([]);
    const numbers = new CursorChanges<Bid>({ idOf: ({ mz_timestamp: timestamp }) => timestamp, maxRows: 9 }, undefined);
    const [group] = [...numbers.take([...rows, progress(2)])];
    expect(group).toEqual({ id: '1', changes: [{ kind: 'insert', row: { id: 'a', amount: 1 } }] });
  });

  it('have timestamps beyond the integers of JavaScript', () => {
    const high = '99999999999999999999999999999999999999';
    expect(groups([row('9007199254740993', 1, 'a'), row('9007199254740994', 1, 'b'), row(high, 1, 'c')])).toEqual([
      ['9007199254740993', 'insert a 0'],
      ['9007199254740994', 'insert b 0'],
    ]);
  });

  it.each([
    ['invalid', [row(undefined, 1, 'a')]],
    ['invalid', [row('1.5', 1, 'a')]],
    ['invalid', [row('-1', 1, 'a')]],
    ['invalid', [{ mz_timestamp: '1', id: 'a' }]],
    ['invalid', [row('1', 'many', 'a')]],
    ['invalid', [{ mz_timestamp: '1', mz_state: 'insert', id: 'a' }, progress('2')]],
    ['key', [{ mz_timestamp: '1', mz_state: 'key_violation', id: 'a' }, progress('2')]],
    ['backwards', [row('2', 1, 'a'), row('1', 1, 'b')]],
    ['backwards', [progress('2'), row('1', 1, 'b')]],
    ['overflow', Array.from({ length: 101 }, (_, index) => row('1', 1, `${index}`))],
    ['overflow', [row('1', 1_000_000_000, 'a')]],
  ] as [string, Row[]][])('cannot be told: %s, of %j', (reason, rows) => {
    expect(() => groups(rows)).toThrow(expect.objectContaining({ code: 'SSE_TAIL_CURSOR', reason }));
  });

  it('may be as many as `maxRows` at each timestamp', () => {
    const rows = ['1', '2', '3'].flatMap((timestamp) => [row(timestamp, 1, 'a'), row(timestamp, 2, 'b')]);
    expect(groups([...rows, progress('4')], { maxRows: 3 })).toHaveLength(4);
  });

  it('come after the timestamp that was asked for', () => {
    expect(groups([progress('5'), row('6', 1, 'a'), progress('7')], {}, '5')[0]).toEqual(['6', 'insert a 0']);
    expect(() => groups([progress('5'), row('5', 1, 'a')], {}, '5')).toThrow(/leave the snapshot out/);
  });
});
