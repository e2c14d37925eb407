import { Logger } from '@nestjs/common';
import { backoff } from '../channel/backoff';
import { errorKind, messageOf } from '../event/error-text';
import { RepeatedLog } from '../stream/repeated-log';
import { isConnectionError } from './connection-error';
import { CursorChanges, TIMESTAMP, type CursorColumns, type CursorGroup } from './cursor-changes';
import { CursorConnection } from './cursor-connection';
import { isServerError } from './pg-command';
import type { ResolvedTailCursor } from './tail-cursor-options';
import { SseTailCursorError } from './tail-cursor.error';
import { progressEvent, snapshotEvent, type SseSnapshotReason, type TailedChange } from './tailed-change';

/** Milliseconds between two questions to a cursor that answers at once that it has nothing. */
const PAUSE = 1_000;

const log = new RepeatedLog(new Logger('SseTail'));

/** An outage ends the cursors of all streams at once. */
function warnOfLoss(error: unknown): void {
  const what = 'the cursor is lost; the stream opens it again';
  log.say({ level: 'warn', place: 'tailCursor', what, kind: errorKind(error) }, () => ({
    detail: `: ${messageOf(error)}`,
    about: messageOf(error),
  }));
}

/** One iteration of `tailCursor`. Nothing is opened before the first `next()`. */
export class TailCursorIterator<Row> implements AsyncIterableIterator<TailedChange<Row>, undefined, undefined> {
  private readonly changes = this.run();
  /** The last timestamp of which everything was given. */
  private after: string | undefined;
  /** Why the next group is the first of a new beginning. */
  private beginning: SseSnapshotReason | undefined;
  private toldAt = 0;
  private isOver = false;
  /** Ends what is waited for at this moment. */
  private interrupt: (() => void) | undefined;
  private connection: CursorConnection | undefined;

  constructor(private readonly options: ResolvedTailCursor<Row>) {
    const { after } = options;
    if (after !== undefined && TIMESTAMP.test(after)) {
      this.after = after;
    } else {
      // A client that was told of a beginning and not more sends back its empty id, if any.
      this.beginning = after === undefined || after === '' ? 'first' : 'invalid';
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<TailedChange<Row>, undefined>> {
    return this.changes.next();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.end();
    await this.changes.return(undefined);
    return { done: true, value: undefined };
  }

  private readonly end = (): void => {
    this.isOver = true;
    this.options.signal?.removeEventListener('abort', this.end);
    this.connection?.close();
    this.interrupt?.();
  };

  private async *run(): AsyncGenerator<TailedChange<Row>, undefined, undefined> {
    const { signal } = this.options;
    if (this.isOver || signal?.aborted) {
      return;
    }
    signal?.addEventListener('abort', this.end, { once: true });
    try {
      for (let attempt = 0; !this.isOver;) {
        try {
          for await (const group of this.groups()) {
            attempt = 0;
            yield* this.eventsOf(group);
          }
        } catch (error) {
          attempt = await this.recover(error, attempt);
        }
      }
    } finally {
      this.end();
    }
  }

  /** What one connection gives. */
  private async *groups(): AsyncGenerator<CursorGroup<Row>, undefined> {
    const { connect, declare, fetch, silence } = this.options;
    const connection = new CursorConnection(connect, silence);
    this.connection = connection;
    try {
      await this.unlessOver(connection.open(declare(this.after)));
      const changes = new CursorChanges<Row>(this.options, this.after);
      while (!this.isOver) {
        const asked = performance.now();
        const rows = await this.unlessOver(connection.query(fetch));
        yield* changes.take((rows ?? []) as (Row & CursorColumns)[]);
        const pause = rows?.length === 0 ? asked + PAUSE - performance.now() : 0;
        if (pause > 0) {
          await this.wait(pause);
        }
      }
    } finally {
      connection.close();
    }
  }

  private *eventsOf({ id, changes }: CursorGroup<Row>): Generator<TailedChange<Row>, undefined> {
    if (this.isOver) {
      return;
    }
    const { progress } = this.options;
    if (this.beginning !== undefined) {
      yield snapshotEvent(this.beginning);
      this.beginning = undefined;
    }
    const before = this.after ?? '';
    for (const [index, { kind, row }] of changes.entries()) {
      if (this.isOver) {
        return;
      }
      yield { event: kind, data: row, id: index === changes.length - 1 ? id : before };
    }
    this.after = id;
    const now = performance.now();
    if (changes.length > 0) {
      this.toldAt = now;
    } else if (progress !== false && now - this.toldAt >= progress) {
      this.toldAt = now;
      yield progressEvent(id);
    }
  }

  /** Waits until another attempt makes sense. @returns its number. @throws what another attempt would meet again. */
  private async recover(error: unknown, attempt: number): Promise<number> {
    if (this.isOver) {
      return attempt;
    }
    if (this.after !== undefined && this.options.isTrimmed(error)) {
      this.after = undefined;
      this.beginning = 'trimmed';
      return attempt;
    }
    if (!isConnectionError(error)) {
      throw isServerError(error)
        ? new SseTailCursorError('refused', `The server refused: ${messageOf(error)}`, { cause: error })
        : error;
    }
    if (attempt === 0) {
      warnOfLoss(error);
    }
    await this.wait(backoff(attempt));
    return attempt + 1;
  }

  private async wait(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await this.unlessOver(
      new Promise((resolve) => {
        timer = setTimeout(resolve, milliseconds);
      }),
    );
    clearTimeout(timer);
  }

  /** @returns nothing when the iteration is over meanwhile. */
  private unlessOver<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.interrupt = () => resolve(undefined);
      work.then(resolve, reject);
    });
  }
}
