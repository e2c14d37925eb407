/** 2 MiB, and with ten thousand topics let go, one false alarm in some thousand clients that come back. */
const CELLS = 262_144;

/**
 * What is left of topics that were let go: a bound for the number of their newest event, in a fixed amount of memory.
 *
 * It is a count-min sketch of maxima: each topic raises a few cells, and the lowest of them bounds its number from above. So
 * it never forgets that a client has missed something; it may take a client for one that has, when later topics have raised
 * all cells of its topic.
 */
export class ForgottenTopics {
  private cells: Float64Array | undefined;

  /** @param hashes 32-bit hashes of the topic. */
  add(hashes: readonly number[], last: number): void {
    this.cells ??= new Float64Array(CELLS);
    for (const hash of hashes) {
      const cell = hash % CELLS;
      this.cells[cell] = Math.max(this.cells[cell]!, last);
    }
  }

  /** No event of the topic was let go that had a higher number. */
  bound(hashes: readonly number[]): number {
    const { cells } = this;
    return cells ? Math.min(...hashes.map((hash) => cells[hash % CELLS]!)) : 0;
  }
}
