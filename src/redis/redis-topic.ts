import type { Delivery } from '../channel/backplane';
import type { RedisConnection } from './redis-connection';
import { unavailable } from './redis-error';
import type { RedisKeys } from './redis-keys';
import { isBefore, positionAt, readPosition, unusedLife, type RedisPosition } from './redis-position';
import { CHECK, READ } from './redis-scripts';
import type { RedisSession } from './redis-session';

/** Most entries, and about how many bytes, that are read at once. */
const PAGE_ENTRIES = 256;
const PAGE_BYTES = 262_144;

/** An entry of a topic. */
export interface RedisEntry {
  readonly at: RedisPosition;
  /** What all who read it are given; `undefined` in a marker: entries were lost before it. */
  readonly delivery: Delivery | undefined;
}

/** Where to read. */
export type RedisFrom = RedisPosition | 'oldest' | 'tip';

/** What was read. */
export interface RedisPage {
  readonly verdict: 'known' | 'trimmed' | 'reset';
  /** What comes first comes after this position. */
  readonly from: RedisPosition;
  readonly entries: readonly RedisEntry[];
  /** Whether there was nothing after it. */
  readonly isLast: boolean;
}

/** Who reads a topic. */
export interface RedisReader {
  receive(entry: RedisEntry): void;
  onUp(): void;
  onDown(): void;
  finish(): void;
}

/** One topic in this process, for as long as somebody reads it. */
export class RedisTopic {
  readonly readers = new Set<RedisReader>();
  /** Settles when what is published from then on comes. */
  listening: Promise<void> | undefined;
  /** The newest place in it that is known here. */
  private newest: RedisPosition | undefined;

  constructor(
    readonly name: string,
    readonly keys: RedisKeys,
    readonly connection: RedisConnection,
    private readonly forgetAfter: number,
  ) {}

  /** Begins to listen in this session; those that follow begin with it. */
  listen(session: RedisSession): void {
    this.listening = session.listen(this.keys.stream).catch((error: unknown) => {
      throw unavailable(error);
    });
    // Whoever reads sees it.
    this.listening.catch(() => undefined);
  }

  /** Reads a page of the history. */
  async read(from: RedisFrom): Promise<RedisPage> {
    const { session } = this.connection;
    const unused = unusedLife(session?.epoch ?? '', this.name);
    const [mode, { life, n, id }] =
      typeof from === 'string' ? [from, positionAt(unused, 0, '0-0')] : (['after', from] as const);
    const [verdict, position, newest, ...rest] = await this.connection.run<
      [RedisPage['verdict'], ...(string | null)[]]
    >(
      READ,
      [this.keys.stream, this.keys.meta],
      [mode, life, String(n), id, unused, String(this.forgetAfter), String(PAGE_ENTRIES), String(PAGE_BYTES)],
    );
    const tip = readPosition(newest!)!;
    const begin = typeof position === 'string' ? readPosition(position)! : (from as RedisPosition);
    const entries = entriesAfter(begin, tip.life, rest);
    this.reached(tip);
    const isLast = rest.length === 0 || entries.at(-1)?.at.text === tip.text;
    return { verdict, from: begin, entries, isLast };
  }

  /** Takes what was published. */
  take(message: string): void {
    const end = message.indexOf(' ');
    const at = readPosition(end < 0 ? message : message.slice(0, end), this.newest?.life);
    // What comes before the session stands is read later; then, too, is found out what may have been lost.
    if (at && this.connection.session) {
      this.reached(at);
      const entry = entryOf(at, end < 0 ? undefined : message.slice(end + 1));
      for (const reader of this.readers) {
        reader.receive(entry);
      }
    }
  }

  /** Sees to it that the topic says so if Redis has lost what was seen here. */
  async check(session: RedisSession): Promise<void> {
    if (this.newest) {
      const { life, n, id } = this.newest;
      await session.run(CHECK, [this.keys.stream, this.keys.meta], [life, String(n), id]);
    }
  }

  /** Keeps what is known of the topic. */
  renew(forgetAfter: number): void {
    for (const key of [this.keys.stream, this.keys.meta]) {
      // If it fails, there is another time.
      this.connection.session?.send(['PEXPIRE', key, String(forgetAfter)]).catch(() => undefined);
    }
  }

  onUp(): void {
    this.listening = Promise.resolve();
    for (const reader of this.readers) {
      reader.onUp();
    }
  }

  onDown(): void {
    for (const reader of this.readers) {
      reader.onDown();
    }
  }

  private reached(position: RedisPosition): void {
    if (!this.newest || this.newest.life !== position.life || isBefore(this.newest, position)) {
      this.newest = position;
    }
  }
}

/** A class, for V8 puts literals of which many outlive a collection where only a full one frees them. */
class EventDelivery {
  readonly kind = 'event';

  constructor(
    readonly position: string,
    readonly payload: string,
  ) {}
}

/** @param payload is missing in a marker. */
export function entryOf(at: RedisPosition, payload: string | undefined): RedisEntry {
  return { at, delivery: payload === undefined ? undefined : new EventDelivery(at.text, payload) };
}

/** The entries of a page, up to where one is missing: the next page tells of that. */
function entriesAfter({ n: begin }: RedisPosition, life: string, reply: readonly (string | null)[]): RedisEntry[] {
  const entries: RedisEntry[] = [];
  for (let index = 0; index < reply.length; index += 3) {
    // As a number, what is behind the point could round it up.
    const n = Number.parseInt(reply[index]!, 10);
    if (n !== begin + entries.length + 1) {
      break;
    }
    entries.push(entryOf(positionAt(life, n, reply[index + 1]!), reply[index + 2] ?? undefined));
  }
  return entries;
}
