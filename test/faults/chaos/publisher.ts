import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../../src/testing/backplane/seeded-random';
import { sighting } from './record';

/** Milliseconds between two events: at least, and how much more at most. */
const SHORTEST_PAUSE = 15;
const LONGEST_PAUSE_MORE = 60;
/** Milliseconds after which an answer is not waited for any more. */
const ANSWER_LIMIT = 5_000;
/** Milliseconds until an event is sent again. */
const REPEAT_AFTER = 40;

/** Publishes one event after the other, and each of them, under the same key, until it is acknowledged. */
export class Publisher {
  /** How many were acknowledged. */
  count = 0;
  readonly repeated = new Set<number>();
  /** Answers that no outage explains. */
  readonly faults: string[] = [];
  repeats = 0;
  private isGivenUp = false;

  constructor(
    readonly topic: number,
    readonly number: number,
    private readonly urls: () => readonly [string, string],
    private readonly random: SeededRandom,
  ) {}

  /** Publishes until the signal aborts; the event that is under way is brought to its end. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.isGivenUp) {
      await this.publish();
      await sleep(SHORTEST_PAUSE + this.random.below(LONGEST_PAUSE_MORE + 1));
    }
  }

  /** Ends it, though an event may not be acknowledged. */
  giveUp(): void {
    this.isGivenUp = true;
  }

  async publish(): Promise<void> {
    const n = this.count + 1;
    while (!(await this.isAcknowledged(n))) {
      if (this.isGivenUp) {
        this.faults.push(`an event was never acknowledged`);
        return;
      }
      this.repeats++;
      this.repeated.add(sighting(this.number, n));
      await sleep(REPEAT_AFTER);
    }
    this.count = n;
  }

  private async isAcknowledged(n: number): Promise<boolean> {
    // The other instance is asked after one that failed.
    const url = this.urls()[(this.number + this.repeats) % 2]!;
    try {
      const response = await fetch(`${url}/topics/${this.topic}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ publisher: this.number, n }),
        signal: AbortSignal.timeout(ANSWER_LIMIT),
      });
      const body = await response.text();
      if (![201, 503, 504].includes(response.status)) {
        this.faults.push(`publish was answered ${response.status} ${body.slice(0, 200)}`);
      }
      return response.status === 201;
    } catch {
      // The connection broke, or nobody listens.
      return false;
    }
  }
}
