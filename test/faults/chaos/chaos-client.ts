import { EventSource } from 'eventsource';
import type { SeededRandom } from '../../../src/testing/backplane/seeded-random';
import { GAP, sighting } from './record';

/** Milliseconds after which a client drops: at least, and how much more at most. */
const SHORTEST_STAY = 30;
const LONGEST_STAY_MORE = 400;

/** A client that keeps the rules of `EventSource`. Each of its connections goes to the other instance than the one before. */
export class ChaosClient {
  /** What it received, in order; see `record.ts`. */
  readonly seen: number[] = [];
  /** What should not have happened to it. */
  readonly faults: string[] = [];
  connections = 0;
  /** Whether it has its first position. */
  hasBegun = false;

  readonly name: string;
  private readonly source: EventSource;
  private dropping: NodeJS.Timeout | undefined;

  /**
   * @param urls of both instances, as they are when it connects.
   * @param random when it drops; one that has none stays as long as it can.
   */
  constructor(
    readonly topic: number,
    private readonly urls: () => readonly [string, string],
    private readonly first: number,
    private random: SeededRandom | undefined,
  ) {
    this.name = `a client of topic ${topic} that ${random ? 'drops' : 'stays'}`;
    this.source = new EventSource('http://localhost/', { fetch: (_url, init) => this.connect(init) });
    this.source.addEventListener('message', ({ data }) => {
      const { publisher, n } = JSON.parse(data as string) as { publisher: number; n: number };
      this.seen.push(sighting(publisher, n));
    });
    this.source.addEventListener('start', () => {
      this.hasBegun = true;
    });
    this.source.addEventListener('gap', () => this.seen.push(GAP));
    this.source.addEventListener('stream-error', ({ data }) => this.faults.push(`stream-error ${String(data)}`));
    this.source.addEventListener('error', ({ message }) => {
      if (this.source.readyState === EventSource.CLOSED) {
        this.faults.push(`stopped for good: ${message}`);
      }
    });
  }

  /** Lets it stay from now on. */
  settle(): void {
    this.random = undefined;
    clearTimeout(this.dropping);
  }

  close(): void {
    this.settle();
    this.source.close();
  }

  private connect(init: RequestInit): Promise<Response> {
    const url = this.urls()[(this.first + this.connections++) % 2]!;
    const drop = new AbortController();
    clearTimeout(this.dropping);
    if (this.random) {
      const stay = SHORTEST_STAY + this.random.below(LONGEST_STAY_MORE + 1);
      this.dropping = setTimeout(() => drop.abort(new TypeError('dropped')), stay);
    }
    const signal = AbortSignal.any([init.signal!, drop.signal]);
    return fetch(`${url}/topics/${this.topic}`, { ...init, signal });
  }
}
