import { SseCursorError } from './cursor.error';

/** Most rows that are remembered to look back at. */
const MOST = 500;

/**
 * What is known of the order in which rows came: sees a cursor that comes twice, and, when the last rows are read once more,
 * a row among them that was not there before.
 */
export class TailQueryOrder {
  /** The cursors of the present page and of the one before. */
  private page: Set<string>;
  private pageBefore = new Set<string>();
  /** When the rows came that can be looked back at, in their order. */
  private readonly recent = new Map<string, number>();
  private base: string | undefined;

  /** @param remembers whether there will be a look back. */
  constructor(
    after: string | undefined,
    private readonly remembers: boolean,
  ) {
    this.page = new Set(after === undefined ? [] : [after]);
    this.base = after;
  }

  /** Where to begin to read again, or `undefined` where there is nothing to compare. */
  get lookBackFrom(): string | undefined {
    return this.recent.size > 0 ? this.base : undefined;
  }

  /** Another page begins. */
  turn(): void {
    this.pageBefore = this.page;
    this.page = new Set();
  }

  /** There was no other page: a stream that waits need not hold the cursors of a long one. */
  rest(): void {
    this.pageBefore = new Set();
    this.page = new Set([...this.page].slice(-1));
  }

  /**
   * Takes note of a row that is given to the client.
   *
   * @param isFirst whether it came from the query without a cursor, which may choose its rows in another way.
   * @throws SseCursorError when its cursor is none, or came already.
   */
  accept(cursor: string, isFirst: boolean, now: number): void {
    if (typeof cursor !== 'string' || cursor === '') {
      throw new SseCursorError('invalid', cursor);
    }
    if (this.page.has(cursor) || this.pageBefore.has(cursor) || this.recent.has(cursor)) {
      throw new SseCursorError('repeated', cursor);
    }
    this.page.add(cursor);
    if (isFirst) {
      this.base = cursor;
    }
    if (isFirst || !this.remembers) {
      return;
    }
    this.recent.set(cursor, now);
    if (this.recent.size > MOST) {
      this.forgetFirst();
    }
  }

  /** Compares what comes when the last rows are read once more, page by page. */
  comparison(): TailQueryComparison {
    return new TailQueryComparison(this.recent);
  }

  /** Looks back no more at rows that came before. */
  forget(before: number): void {
    for (const at of this.recent.values()) {
      if (at >= before) {
        return;
      }
      this.forgetFirst();
    }
  }

  private forgetFirst(): void {
    const [cursor] = this.recent.keys();
    this.recent.delete(cursor!);
    this.base = cursor;
  }
}

/** One reading of rows that came already. Those after the last of them are new, and none of its business. */
class TailQueryComparison {
  private unknown: string | undefined;
  private readonly tip: string | undefined;

  constructor(private readonly known: ReadonlyMap<string, number>) {
    this.tip = [...known.keys()].at(-1);
  }

  /**
   * @returns whether more has to be read.
   * @throws SseCursorError when a row stands before one that came already, and had not come itself.
   */
  next(cursors: readonly string[]): boolean {
    for (const cursor of cursors) {
      if (!this.known.has(cursor)) {
        this.unknown ??= cursor;
      } else if (this.unknown !== undefined) {
        throw new SseCursorError('late', this.unknown);
      }
    }
    return cursors.length > 0 && !cursors.includes(this.tip!);
  }
}
