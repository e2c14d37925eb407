import type { Logger } from '@nestjs/common';

/** Milliseconds in which what is repeated is counted. */
const WINDOW = 60_000;
/** Most lines that a place writes in that time of one thing, the line with the count aside. */
const MAX_LINES = 5;
/** Most kinds of one thing that are known as repeated. */
const MAX_KINDS = 20;

/** What is repeated: it is counted by these. */
export interface Happening {
  readonly level: 'error' | 'warn';
  /** Where: a route or a channel, something of which there is a fixed number. */
  readonly place: string;
  /** What happened, in words that are the same each time. */
  readonly what: string;
  /** What equal ones have in common; each kind is written whole once. `undefined`: none is like another. */
  readonly kind: string | undefined;
}

/** What is written of one that is not only counted. Printable and bounded. */
export interface Particulars {
  /** In the same line, right after what happened. */
  readonly detail?: string | undefined;
  /** In the lines after it. */
  readonly stack?: string | undefined;
  /** A short text that names the kind, beside its count. */
  readonly about?: string | undefined;
}

/**
 * A log that nobody can flood: what is equal is written whole once and then counted, and of everything else the first of a
 * minute are written. The count follows when the minute is over, or at the end of the application.
 *
 * What it remembers is bounded: for each place and thing a few kinds. While there is nothing to count it has no timer, and the
 * one that it has keeps no process alive.
 */
export class RepeatedLog {
  private readonly windows = new Map<string, Window>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly logger: Logger) {}

  /** @param particulars called where it is written. */
  say({ level, place, what, kind }: Happening, particulars: () => Particulars): void {
    const name = `${place}: ${what}`;
    const window = this.windows.get(name) ?? this.open(name, level);
    if (window.count(kind)) {
      return;
    }
    const { detail = '', stack, about } = particulars();
    this.write(level, `${name}${detail}`, stack);
    window.remember(kind, about);
  }

  /** Tells what was counted and not told yet. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const [name, window] of this.windows) {
      this.tell(name, window);
    }
    this.windows.clear();
  }

  private open(name: string, level: Happening['level']): Window {
    const window = new Window(level, performance.now() + WINDOW);
    this.windows.set(name, window);
    this.timer ??= setTimeout(() => this.look(), WINDOW).unref();
    return window;
  }

  /** Tells the counts of the minutes that are over. */
  private look(): void {
    this.timer = undefined;
    const now = performance.now();
    let next = Infinity;
    for (const [name, window] of this.windows) {
      if (window.until <= now && !this.tell(name, window)) {
        // Nothing was repeated: it is written whole when it happens again.
        this.windows.delete(name);
        continue;
      }
      if (window.until <= now) {
        window.restart(now + WINDOW);
      }
      next = Math.min(next, window.until);
    }
    if (next < Infinity) {
      this.timer = setTimeout(() => this.look(), Math.max(next - now, 1)).unref();
    }
  }

  /** @returns whether there was something to tell. */
  private tell(name: string, window: Window): boolean {
    const { repeated } = window;
    if (repeated > 0) {
      this.write(window.level, `${name} … and ${repeated} more in the last minute${window.kinds}`);
    }
    return repeated > 0;
  }

  private write(level: Happening['level'], line: string, stack?: string): void {
    try {
      if (stack === undefined) {
        this.logger[level](line);
      } else {
        this.logger[level](line, stack);
      }
    } catch {
      // A logger that throws must not end the stream that it was told about. There is nobody else to tell.
    }
  }
}

interface Kind {
  readonly about: string | undefined;
  count: number;
}

/** One minute of one thing in one place. */
class Window {
  private lines = 0;
  private others = 0;
  private readonly known = new Map<string, Kind>();

  constructor(
    readonly level: Happening['level'],
    public until: number,
  ) {}

  /** @returns whether it is only counted. */
  count(kind: string | undefined): boolean {
    const known = kind === undefined ? undefined : this.known.get(kind);
    if (known) {
      known.count++;
      return true;
    }
    if (this.lines >= MAX_LINES) {
      this.others++;
      return true;
    }
    return false;
  }

  /** This one was written. */
  remember(kind: string | undefined, about: string | undefined): void {
    this.lines++;
    if (kind === undefined) {
      return;
    }
    if (this.known.size >= MAX_KINDS) {
      const [[oldest, { count }]] = this.known as unknown as [[string, Kind]];
      this.others += count;
      this.known.delete(oldest);
    }
    this.known.set(kind, { about, count: 0 });
  }

  get repeated(): number {
    return [...this.known.values()].reduce((sum, { count }) => sum + count, this.others);
  }

  /** Which ones were repeated, the most frequent first. */
  get kinds(): string {
    const counted = [...this.known.values()].filter(({ count, about }) => count > 0 && about !== undefined);
    counted.sort((a, b) => b.count - a.count);
    const shown = counted.slice(0, MAX_LINES).map(({ count, about }) => `${count} × ${about}`);
    return shown.length === 0 ? '' : ` (${shown.join('; ')})`;
  }

  /** Another minute: what was repeated is still known. */
  restart(until: number): void {
    this.until = until;
    this.lines = 0;
    this.others = 0;
    for (const [kind, known] of this.known) {
      if (known.count === 0) {
        this.known.delete(kind);
      }
      known.count = 0;
    }
  }
}
