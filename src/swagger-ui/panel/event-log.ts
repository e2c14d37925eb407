import type { ParsedEvent } from './event-stream-parser';

/** An event with what the page adds to it. */
export interface LoggedEvent extends ParsedEvent {
  /** Counts from 1 in each log. */
  readonly number: number;
  /** When it arrived, in milliseconds since 1970. */
  readonly at: number;
}

/** How many events are kept. */
export const KEPT_EVENTS = 200;

/** How many names can be chosen from. */
const KEPT_NAMES = 100;

/** The rate is that of the last seconds, so many of them. */
const RATE_SECONDS = 5;

/** The last events of a stream, with a bound on their number, and figures about all of them. */
export class EventLog {
  /** How many came since the log was cleared. */
  total = 0;
  /** What came as the end of the stream; it is not one of its events. */
  ended: LoggedEvent | undefined;
  private kept: LoggedEvent[] = [];
  private readonly counts = new Map<string, number>();
  private filter = '';
  private number = 0;
  /** How many came in each of the last seconds, the newest last. */
  private seconds: { readonly second: number; count: number }[] = [];
  private since = 0;

  add(event: ParsedEvent, now: number): void {
    this.kept.push({ ...event, number: ++this.number, at: now });
    this.total++;
    if (this.counts.has(event.name) || this.counts.size < KEPT_NAMES) {
      this.counts.set(event.name, (this.counts.get(event.name) ?? 0) + 1);
    }
    if (this.kept.length > KEPT_EVENTS) {
      // Those that the filter hides go first, or a frequent event would push a rare one out that is looked for.
      this.kept.splice(
        Math.max(0, this.filter === '' ? 0 : this.kept.findIndex(({ name }) => name !== this.filter)),
        1,
      );
    }
    this.countSecond(now);
  }

  /** The stream has ended. Not every end comes as an event. */
  end(event: ParsedEvent | undefined, now: number): void {
    this.ended = { name: '', id: '', hasId: false, data: '', length: 0, ...event, number: this.number, at: now };
  }

  clear(): void {
    this.kept = [];
    this.ended = undefined;
    this.counts.clear();
    this.total = 0;
  }

  /** Begins the rate anew: a connection opened. */
  restartRate(now: number): void {
    this.seconds = [];
    this.since = now;
  }

  /** Events in a second, of the last seconds. */
  rate(now: number): number {
    const first = Math.floor(now / 1000) - RATE_SECONDS + 1;
    const count = this.seconds.reduce((sum, entry) => sum + (entry.second >= first ? entry.count : 0), 0);
    return count / Math.max(1, (now - Math.max(this.since, first * 1000)) / 1000);
  }

  /** Only events of this name are shown, and kept before others; `''` shows all. */
  show(name: string): void {
    this.filter = name;
  }

  get shownName(): string {
    return this.filter;
  }

  /** The kept events that are to be shown, the newest last. */
  get shown(): readonly LoggedEvent[] {
    return this.filter === '' ? this.kept : this.kept.filter(({ name }) => name === this.filter);
  }

  /** The names that came, each with how often; the chosen one is always among them. */
  get names(): readonly (readonly [name: string, count: number])[] {
    const names = Array.from(this.counts).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return this.filter === '' || this.counts.has(this.filter) ? names : [[this.filter, 0], ...names];
  }

  private countSecond(now: number): void {
    const second = Math.floor(now / 1000);
    const last = this.seconds.at(-1);
    if (last?.second === second) {
      last.count++;
    } else {
      this.seconds = [...this.seconds.slice(1 - RATE_SECONDS), { second, count: 1 }];
    }
  }
}
