import { textQuery, type PgQuery, type TextRow } from './pg-pool';
import type { Place } from './postgres-position';
import { payloadOf } from './stored-payload';

/** Most subscriptions whose events are read at once. */
const MAX_TOGETHER = 64;

/** What a subscription wants to read: from a place, or from where there is something. */
export interface ReadRequest {
  readonly mode: 'after' | 'oldest' | 'tip';
  readonly place?: Place | undefined;
  /**
   * Most events, of those that came while it listened, that may be read although the history has lost them; -1 where none may
   * be.
   */
  readonly pending: number;
  /** Most events to read at once. */
  readonly size: number;
}

/** What was read. */
export interface Reading {
  readonly verdict: 'ok' | 'trimmed' | 'reset';
  /** The place that the events come after. It is not the one that was asked for where events are missing. */
  readonly base: Place;
  /** Number of the topic's newest event. */
  readonly tip: number;
  readonly events: readonly { readonly place: Place; readonly payload: string }[];
}

/** Who reads a topic. */
export interface TopicListener {
  readonly topic: string;
  readonly tag: string;
  /** How far it is; `undefined` before it has begun. */
  readonly place: Place | undefined;
  request(): ReadRequest;
  /** Takes what was read. */
  take(reading: Reading): void;
  /** What it asked for cannot be had now. */
  missed(error: unknown): void;
  /** There is more, or something else, than when it read last. */
  notify(): void;
  onDown(): void;
  onUp(): void;
}

/** What asks the server: rejects while it is away. */
type Ask = (query: PgQuery) => Promise<TextRow[]>;

/** Reads for all subscriptions of an instance: those that wait for events together are asked for together. */
export class TopicReader {
  private readonly listeners = new Map<string, Set<TopicListener>>();
  private pending = new Set<TopicListener>();
  private isReading = false;
  private epoch: string | undefined;

  constructor(
    private readonly sql: { readonly read: string; readonly poll: string },
    private readonly ask: Ask,
    /** Is told that what the server holds cannot be. */
    private readonly onBroken: (error: Error) => void,
  ) {}

  /** How many topics are listened to. */
  get topics(): number {
    return this.listeners.size;
  }

  add(listener: TopicListener): void {
    let listeners = this.listeners.get(listener.tag);
    if (!listeners) {
      listeners = new Set();
      this.listeners.set(listener.tag, listeners);
    }
    listeners.add(listener);
  }

  remove(listener: TopicListener): void {
    this.pending.delete(listener);
    const listeners = this.listeners.get(listener.tag);
    if (listeners?.delete(listener) && listeners.size === 0) {
      this.listeners.delete(listener.tag);
    }
  }

  *[Symbol.iterator](): IterableIterator<TopicListener> {
    for (const listeners of this.listeners.values()) {
      yield* listeners;
    }
  }

  /** Reads for a listener, soon: it gets `take` or `missed`. */
  read(listener: TopicListener): void {
    this.pending.add(listener);
    if (!this.isReading) {
      this.isReading = true;
      // After this turn's others.
      queueMicrotask(() => void this.readAll());
    }
  }

  /** Takes a notification: a tag, and the number of the topic's newest event. */
  notified(payload: string): void {
    const [tag, n] = payload.split(' ');
    for (const listener of this.listeners.get(tag ?? '') ?? []) {
      if (!(Number(n) <= Number(listener.place?.n))) {
        listener.notify();
      }
    }
  }

  /** Looks for topics that have changed without a notification that came here. */
  async poll(ask: Ask): Promise<void> {
    const groups = [...this.listeners.values()];
    const last = groups.map((listeners) => Array.from(listeners).reduce(theOneBehind));
    const asked = [
      last.map(({ topic }) => topic),
      last.map(({ place }) => place?.n ?? -1),
      last.map(({ place }) => place?.nonce ?? '0'),
    ];
    const [row] = await ask(textQuery(this.sql.poll, asked, 'sse_poll'));
    if (!row) {
      throw new Error('The tables of the backplane are empty');
    }
    const [epoch, changed] = row as [string, string];
    const isNew = this.epoch !== undefined && this.epoch !== epoch;
    this.epoch = epoch;
    const indexes = isNew ? groups.keys() : changed.slice(1, -1).split(',').filter(Boolean).map(Number);
    for (const index of indexes) {
      for (const listener of groups[index]!) {
        listener.notify();
      }
    }
  }

  private async readAll(): Promise<void> {
    while (this.pending.size > 0) {
      const listeners = [...this.pending].slice(0, MAX_TOGETHER);
      for (const listener of listeners) {
        this.pending.delete(listener);
      }
      try {
        const readings = await this.readTogether(listeners);
        for (const [index, listener] of listeners.entries()) {
          listener.take(readings[index]!);
        }
      } catch (error) {
        for (const listener of listeners) {
          listener.missed(error);
        }
      }
    }
    this.isReading = false;
  }

  private async readTogether(listeners: readonly TopicListener[]): Promise<Reading[]> {
    const requests = listeners.map((listener) => listener.request());
    const rows = await this.ask(
      textQuery(
        this.sql.read,
        [
          listeners.map(({ topic }) => topic),
          requests.map(({ mode }) => mode),
          requests.map(({ place }) => place?.epoch ?? null),
          requests.map(({ place }) => place?.n ?? null),
          requests.map(({ place }) => place?.nonce ?? null),
          requests.map(({ pending }) => Math.min(pending, Number.MAX_SAFE_INTEGER)),
          requests.map(({ size }) => size),
        ],
        'sse_read',
      ),
    );
    const readings: (Reading & { events: { place: Place; payload: string }[] })[] = [];
    for (const row of rows) {
      const [i, epoch, verdict, baseN, baseNonce, tip, n, nonce, payload] = row as string[];
      const reading = (readings[Number(i) - 1] ??= {
        verdict: verdict as Reading['verdict'],
        base: { epoch: epoch!, nonce: baseNonce!, n: baseN! },
        tip: Number(tip),
        events: [],
      });
      if (n !== null) {
        reading.events.push({ place: { epoch: epoch!, nonce: nonce!, n: n! }, payload: payloadOf(payload!) });
      }
    }
    if (readings.length !== listeners.length) {
      const error = new Error('The tables of the backplane are empty');
      this.onBroken(error);
      throw error;
    }
    return readings;
  }
}

function theOneBehind(one: TopicListener, other: TopicListener): TopicListener {
  return Number(other.place?.n ?? -1) < Number(one.place?.n ?? -1) ? other : one;
}
