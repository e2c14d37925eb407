import { quoted, show } from '../event/printable';
import { SseTailCursorError } from './tail-cursor.error';

/** The columns that Materialize puts before those of the relation. */
export interface CursorColumns {
  readonly mz_timestamp?: unknown;
  /** With `PROGRESS`: the row says only that there is nothing more before its timestamp. */
  readonly mz_progressed?: unknown;
  /** How many copies of the row came (above 0), or went. */
  readonly mz_diff?: unknown;
  /** With `ENVELOPE UPSERT`, in place of `mz_diff`. */
  readonly mz_state?: unknown;
}

/** What happened to a row. `upsert` is what `ENVELOPE UPSERT` says of one that came or changed. */
export type CursorChangeKind = 'insert' | 'update' | 'delete' | 'upsert';

/** One change. */
export interface CursorChange<Row> {
  readonly kind: CursorChangeKind;
  readonly row: Row;
}

/** All changes up to a timestamp, since the group before. */
export interface CursorGroup<Row> {
  /** The timestamp, of which no more will come. */
  readonly id: string;
  readonly changes: readonly CursorChange<Row>[];
}

/** How rows are read. */
export interface CursorReading<Row> {
  readonly idOf: (row: Row & CursorColumns) => unknown;
  readonly keyOf?: ((row: Row) => string | number | bigint | boolean) | undefined;
  readonly maxRows: number;
}

/** Most characters of a row in a message. */
const MAX_ROW = 300;

/** A timestamp as text: what may stand in a statement. */
export const TIMESTAMP = /^(?:0|[1-9]\d{0,37})$/;

/** Puts the rows of a cursor together that have one timestamp, and tells what they mean. */
export class CursorChanges<Row> {
  private at: bigint | undefined;
  private rows: (Row & CursorColumns)[] = [];
  private copies = 0;
  /** The timestamp that the cursor begins with: what it says of those before is of no account. */
  private first: bigint | undefined;
  private readonly after: bigint;

  /** @param after the timestamp up to which nothing may come. */
  constructor(
    private readonly reading: CursorReading<Row>,
    after: string | undefined,
  ) {
    this.after = after === undefined ? -1n : BigInt(after);
  }

  /** Takes rows as the cursor gave them. @returns what is complete by them. */
  *take(rows: readonly (Row & CursorColumns)[]): Generator<CursorGroup<Row>, undefined> {
    for (const row of rows) {
      const timestamp = this.timestampOf(row);
      const { at } = this;
      if (at !== undefined && timestamp < at) {
        throw new SseTailCursorError('backwards', `The cursor gave the timestamp ${timestamp} after ${at}`);
      }
      this.at = timestamp;
      this.first ??= timestamp;
      if (timestamp !== at && this.rows.length > 0) {
        yield { id: String(at), changes: this.changes() };
      }
      if (isTrue(row.mz_progressed)) {
        if (timestamp > this.first) {
          yield { id: String(timestamp - 1n), changes: [] };
        }
      } else {
        this.add(row, timestamp);
      }
    }
  }

  private add(row: Row & CursorColumns, timestamp: bigint): void {
    if (timestamp <= this.after) {
      throw new SseTailCursorError(
        'backwards',
        `The cursor gave a row of ${timestamp} but only rows after ${this.after} were asked for. ` +
          'With `after`, declare must leave the snapshot out',
      );
    }
    const { maxRows } = this.reading;
    this.copies += row.mz_state === undefined ? Math.abs(diffOf(row)) : 1;
    if (this.copies > maxRows) {
      throw new SseTailCursorError(
        'overflow',
        `The timestamp ${this.at} has more than ${maxRows} rows, which are held in memory until it is complete. ` +
          'Subscribe to fewer rows, leave the snapshot out, or raise maxRows',
      );
    }
    this.rows.push(row);
  }

  private changes(): CursorChange<Row>[] {
    const rows = this.rows;
    this.rows = [];
    this.copies = 0;
    const removed: Row[] = [];
    const added: Row[] = [];
    const upserted: CursorChange<Row>[] = [];
    for (const row of rows) {
      const data = withoutColumns(row);
      if (row.mz_state === undefined) {
        const diff = diffOf(row);
        (diff < 0 ? removed : added).push(...Array.from({ length: Math.abs(diff) }, () => data));
      } else {
        upserted.push({ kind: kindOf(row.mz_state, data), row: data });
      }
    }
    return [...upserted, ...this.paired(removed, added)];
  }

  /** What has the key of a row that went, has come in its place. */
  private paired(removed: readonly Row[], added: readonly Row[]): CursorChange<Row>[] {
    const { keyOf } = this.reading;
    const gone = new Map<unknown, Row[]>();
    const rest: Row[] = [];
    for (const row of removed) {
      if (keyOf) {
        const key = keyOf(row);
        const others = gone.get(key);
        if (others) {
          others.push(row);
        } else {
          gone.set(key, [row]);
        }
      } else {
        rest.push(row);
      }
    }
    const came = added.map((row): CursorChange<Row> => {
      const before = keyOf && gone.get(keyOf(row));
      return { kind: before?.pop() === undefined ? 'insert' : 'update', row };
    });
    const went = [...rest, ...[...gone.values()].flat()];
    return [...went.map((row): CursorChange<Row> => ({ kind: 'delete', row })), ...came];
  }

  private timestampOf(row: Row & CursorColumns): bigint {
    const text = String(this.reading.idOf(row));
    if (!TIMESTAMP.test(text)) {
      throw new SseTailCursorError(
        'invalid',
        `idOf must return a timestamp, an integer from 0 of at most 38 digits, not ${quoted(text)}`,
      );
    }
    return BigInt(text);
  }
}

function isTrue(value: unknown): boolean {
  return value === true || value === 't';
}

function diffOf({ mz_diff: diff }: CursorColumns): number {
  const copies = Number(diff ?? Number.NaN);
  if (!Number.isSafeInteger(copies)) {
    throw new SseTailCursorError(
      'invalid',
      'A row has neither mz_diff nor mz_state: whether it was added or removed is unknown',
    );
  }
  return copies;
}

function kindOf(state: unknown, row: unknown): CursorChangeKind {
  if (state === 'upsert' || state === 'delete') {
    return state;
  }
  throw new SseTailCursorError(
    state === 'key_violation' ? 'key' : 'invalid',
    `The cursor gave a row with mz_state ${show(state)}: ${show(row, MAX_ROW)}`,
  );
}

function withoutColumns<Row>(row: Row & CursorColumns): Row {
  const { mz_timestamp: _1, mz_progressed: _2, mz_diff: _3, mz_state: _4, ...data } = row;
  return data as Row;
}
