import { backoff } from '../channel/backoff';
import { SseConfigurationError } from '../event/sse.error';
import { Alarm } from './alarm';
import { isConnectionError } from './connection-error';
import { sharedListener } from './shared-listener';
import type { ResolvedTailQuery } from './tail-query-options';
import { TailQueryOrder } from './tail-query-order';
import type { TailedRow } from './tailed-row';

/** Milliseconds after a notification or a row until the query is asked by the clock. */
const FIRST_POLL = 1_000;
/** A part of the time between two polls that is left to chance, so that streams do not all ask at once. */
const JITTER = 0.2;

/** What a query comes to that nobody waits for any more. */
const OVER = Symbol('over');

/** One iteration of `tailQuery`. Nothing is opened before the first `next()`. */
export class TailQueryIterator<Row> implements AsyncIterableIterator<TailedRow<Row>, undefined, undefined> {
  private readonly rows = this.run();
  private readonly alarm = new Alarm();
  private readonly order: TailQueryOrder;
  private cursor: string | undefined;
  private interval: number;
  private isOver = false;
  private isListening = false;
  private failure: { readonly error: unknown } | undefined;
  private leave: (() => void) | undefined;
  /** Ends what is waited for at this moment. */
  private interrupt: (() => void) | undefined;
  private lookedBack = 0;

  constructor(private readonly options: ResolvedTailQuery<Row>) {
    this.cursor = options.after;
    this.order = new TailQueryOrder(options.after, options.lookBack !== false);
    this.interval = this.firstPoll;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<TailedRow<Row>, undefined>> {
    return this.rows.next();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.end();
    await this.rows.return(undefined);
    return { done: true, value: undefined };
  }

  private readonly end = (): void => {
    this.isOver = true;
    this.options.signal?.removeEventListener('abort', this.end);
    this.leave?.();
    this.interrupt?.();
    this.alarm.ring();
  };

  private async *run(): AsyncGenerator<TailedRow<Row>, undefined, undefined> {
    const { signal, cursorOf } = this.options;
    if (this.isOver || signal?.aborted) {
      return;
    }
    signal?.addEventListener('abort', this.end, { once: true });
    try {
      this.listen();
      while (!this.isListening && this.mayGoOn()) {
        await this.alarm.wait();
        this.alarm.reset();
      }
      while (this.mayGoOn()) {
        // What is told from here on may be of rows that this query does not see yet.
        this.alarm.reset();
        const isFirst = this.cursor === undefined;
        const rows = await this.ask(this.cursor);
        if (rows.length === 0) {
          this.order.rest();
          await this.quiet();
          continue;
        }
        this.interval = this.firstPoll;
        this.order.turn();
        for (const row of rows) {
          if (!this.mayGoOn()) {
            return;
          }
          const id = cursorOf(row);
          this.order.accept(id, isFirst, performance.now());
          this.cursor = id;
          yield { id, data: row };
        }
      }
    } finally {
      this.end();
    }
  }

  private listen(): void {
    const { channels, heartbeat, connect, concerns } = this.options;
    this.leave = sharedListener(connect).join({
      channels,
      heartbeat,
      onListening: () => {
        this.isListening = true;
        this.alarm.ring();
      },
      onNotification: (payload) => {
        try {
          if (concerns === undefined || concerns(payload)) {
            this.alarm.ring();
          }
        } catch (error) {
          // Whoever notified has no part in it, nor have the other streams.
          this.fail(error);
        }
      },
      onFailed: (error) => this.fail(error),
    });
  }

  private fail(error: unknown): void {
    this.failure = { error };
    this.alarm.ring();
  }

  private mayGoOn(): boolean {
    if (this.failure !== undefined && !this.isOver) {
      throw this.failure.error;
    }
    return !this.isOver;
  }

  /** Waits for a notification or the clock, and looks back by the clock. */
  private async quiet(): Promise<void> {
    const { poll, lookBack } = this.options;
    const hasRung = await this.alarm.wait(this.interval * (1 - JITTER * Math.random()));
    this.interval = hasRung ? this.firstPoll : Math.min(2 * this.interval, poll);
    if (lookBack !== false && this.mayGoOn() && (!hasRung || performance.now() - this.lookedBack > lookBack)) {
      await this.lookBack(lookBack);
    }
  }

  private async lookBack(time: number): Promise<void> {
    const now = (this.lookedBack = performance.now());
    const comparison = this.order.comparison();
    let from = this.order.lookBackFrom;
    while (from !== undefined && this.mayGoOn()) {
      const cursors = (await this.ask(from)).map((row) => this.options.cursorOf(row));
      from = comparison.next(cursors) ? cursors.at(-1) : undefined;
    }
    this.order.forget(now - time);
  }

  /** Asks until the connection holds. @returns nothing when the iteration is over meanwhile. */
  private async ask(cursor: string | undefined): Promise<readonly Row[]> {
    for (let attempt = 0; this.mayGoOn(); attempt++) {
      try {
        const rows = await this.unlessOver(this.options.query(cursor));
        return rows === OVER ? [] : rowsOf(rows);
      } catch (error) {
        if (!isConnectionError(error)) {
          throw error;
        }
        // That the connection which listens is back says that the others will be, too.
        await this.alarm.wait(backoff(attempt));
        this.alarm.reset();
      }
    }
    return [];
  }

  /** A race with one promise for the whole iteration would keep what each query gave until its end. */
  private unlessOver<T>(work: T | PromiseLike<T>): Promise<T | typeof OVER> {
    return new Promise((resolve, reject) => {
      this.interrupt = () => resolve(OVER);
      Promise.resolve(work).then(resolve, reject);
    });
  }

  private get firstPoll(): number {
    return Math.min(FIRST_POLL, this.options.poll);
  }
}

function rowsOf<Row>(given: readonly Row[] | { readonly rows: readonly Row[] }): readonly Row[] {
  const rows = Array.isArray(given)
    ? (given as readonly Row[])
    : (given as { readonly rows?: readonly Row[] } | null)?.rows;
  if (!Array.isArray(rows)) {
    throw new SseConfigurationError('tailQuery: query must give rows, as an array or as an object with `rows`');
  }
  return rows;
}
