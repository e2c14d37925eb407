import { EventEmitter, once } from 'node:events';

/** The newest entries of a series, kept so that those who were away can catch up. */
export class History<T extends { sequence: number }> {
  private readonly entries: T[] = [];
  private readonly growth = new EventEmitter().setMaxListeners(0);

  /**
   * @param limit how many entries are kept.
   * @param next the sequence number of the first entry.
   */
  constructor(
    private readonly limit: number,
    private next: number,
  ) {}

  get latest(): T | undefined {
    return this.entries.at(-1);
  }

  append(create: (sequence: number) => T): T {
    const entry = create(this.next++);
    this.entries.push(entry);
    if (this.entries.length > this.limit) {
      this.entries.shift();
    }
    this.growth.emit('append');
    return entry;
  }

  /**
   * Every entry after a sequence number, as far as it is kept, then each new one. Without a number, or with one that was
   * never given out, it starts with the latest entry.
   *
   * @throws AbortError when the signal aborts.
   */
  async *follow(after: number | undefined, signal: AbortSignal): AsyncGenerator<T, never, void> {
    let last = after !== undefined && after < this.next ? after : (this.latest?.sequence ?? this.next) - 1;
    for (;;) {
      const entry = this.entries.find(({ sequence }) => sequence > last);
      if (entry) {
        last = entry.sequence;
        yield entry;
      } else {
        await once(this.growth, 'append', { signal });
      }
    }
  }
}
