/** The most memory that this process had since it is watched. */
export class PeakMemory {
  private start = 0;
  private most = 0;

  watch(): void {
    globalThis.gc?.();
    globalThis.gc?.();
    this.start = process.memoryUsage.rss();
    this.most = this.start;
    setInterval(() => this.look(), 10);
  }

  look(): void {
    this.most = Math.max(this.most, process.memoryUsage.rss());
  }

  /** Bytes more than in the beginning. */
  get growth(): number {
    this.look();
    return this.most - this.start;
  }
}
