import { createHash } from 'node:crypto';
import type { HistoryBounds, Published } from '../channel/backplane';
import { SseClosedError, SseOutcomeUnknownError, SseUnavailableError } from '../channel/backplane.error';
import { Fifo } from '../channel/fifo';
import { runOnPool } from './pg-command';
import { textQuery, type PgPool, type TextRow } from './pg-pool';
import { positionOf, tagOf } from './postgres-position';
import { storedPayload } from './stored-payload';

/** Most publications of one statement. */
const MAX_BATCH = 256;
/** Most bytes of payload of one statement; one publication always. */
const MAX_BATCH_BYTES = 1_048_576;
/** Most publications that wait. */
const MAX_WAITING = 100_000;
/** Milliseconds of the longest history: more is more than PostgreSQL's calendar has. */
const MAX_AGE = 3_155_760_000_000;

/** What is to be written. */
export interface Publication {
  readonly topic: string;
  readonly payload: string;
  readonly key: string | undefined;
  readonly history: HistoryBounds;
  readonly signal: AbortSignal | undefined;
}

interface Waiting extends Publication {
  readonly bytes: Buffer;
  resolve(published: Published): void;
  reject(error: unknown): void;
}

/**
 * Writes the publications of an instance one after the other, in the order of the calls. Those that come while a statement is
 * under way wait for it, and are written together by the next one: many share one commit.
 */
export class PublishLane {
  private readonly queue = new Fifo<Waiting>();
  private running: Promise<void> | undefined;
  private isClosed = false;

  constructor(
    private readonly pool: PgPool,
    private readonly statement: string,
    /** Milliseconds that an answer may take. */
    private readonly limit: number,
  ) {}

  publish(publication: Publication): Promise<Published> {
    if (this.queue.length >= MAX_WAITING) {
      throw new SseUnavailableError(`${MAX_WAITING} publications wait for PostgreSQL already. Nothing was written`);
    }
    return new Promise((resolve, reject) => {
      const { signal } = publication;
      const giveUp = (): void =>
        reject(new SseOutcomeUnknownError('The publication was given up', { cause: signal!.reason }));
      signal?.addEventListener('abort', giveUp, { once: true });
      const settled = (): void => signal?.removeEventListener('abort', giveUp);
      this.queue.push({
        ...publication,
        bytes: Buffer.from(storedPayload(publication.payload)),
        resolve: (published) => {
          settled();
          resolve(published);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.running ??= this.run();
    });
  }

  /** Rejects what waits. @returns when what is under way has ended. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.running;
  }

  private async run(): Promise<void> {
    // After this turn's others.
    await undefined;
    while (this.queue.length > 0) {
      const batch = this.takeBatch();
      try {
        if (this.isClosed) {
          throw new SseClosedError();
        }
        await this.write(batch);
      } catch (error) {
        for (const { reject } of batch) {
          reject(error);
        }
      }
    }
    this.running = undefined;
  }

  /** What is written together: of one topic, only what is to be kept equally long. */
  private takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const histories = new Map<string, HistoryBounds>();
    let bytes = 0;
    for (let next = this.queue.at(0); next && batch.length < MAX_BATCH; next = this.queue.at(0)) {
      const history = histories.get(next.topic) ?? next.history;
      bytes += next.bytes.length;
      if (batch.length > 0 && (bytes > MAX_BATCH_BYTES || !areEqual(history, next.history))) {
        break;
      }
      histories.set(next.topic, history);
      batch.push(this.queue.shift()!);
    }
    return batch;
  }

  private async write(batch: readonly Waiting[]): Promise<void> {
    // Everybody locks topics in one order, so that nobody waits for one who waits for him.
    const topics = [...new Set(batch.map(({ topic }) => topic))].toSorted();
    const groups = topics.map((name) => batch.filter(({ topic }) => topic === name));
    const histories = groups.map(([first]) => first!.history);
    const items = groups.flat();
    const rows = await runOnPool(
      this.pool,
      this.limit,
      textQuery(this.statement, [
        topics,
        topics.map(tagOf),
        groups.map(({ length }) => length),
        histories.map(({ maxEvents }) => bound(maxEvents)),
        histories.map(({ maxBytes }) => bound(maxBytes)),
        histories.map(({ maxAge }) => bound(maxAge, MAX_AGE)),
        items.map(({ bytes }) => bytes.length),
        items.map(({ key }) => (key === undefined ? null : digestOf(key))),
        Buffer.concat(items.map(({ bytes }) => bytes)),
      ]),
    );
    for (const [index, { topic, resolve }] of items.entries()) {
      resolve(publishedOf(topic, rows[index]!));
    }
  }
}

function publishedOf(topic: string, row: TextRow): Published {
  const [epoch, n, nonce, isDuplicate] = row as string[];
  const position = positionOf(tagOf(topic), { epoch: epoch!, n: n!, nonce: nonce! });
  return { position, duplicate: isDuplicate === 't' };
}

function areEqual(one: HistoryBounds, other: HistoryBounds): boolean {
  return one.maxEvents === other.maxEvents && one.maxBytes === other.maxBytes && one.maxAge === other.maxAge;
}

function bound(value: number, most = Number.MAX_SAFE_INTEGER): number {
  return Math.trunc(Math.min(value, most));
}

/** Keys are of any characters and any length; 128 bits tell them apart. */
function digestOf(key: string): string {
  return createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('hex').slice(0, 32);
}
