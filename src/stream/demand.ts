/**
 * The gate that a pulled source waits for: open while the client reads and nothing ahead is busy. Whoever cannot take
 * more holds it, and releases it as often.
 */
export class Demand {
  private holds = 0;
  private waiting: (() => void) | undefined;

  /** Whether the next event may be pulled now. */
  get isOpen(): boolean {
    return this.holds === 0;
  }

  hold(): void {
    this.holds++;
  }

  release(): void {
    this.holds--;
    if (this.holds === 0) {
      this.wake();
    }
  }

  /** Settles when the gate opens, or when `wake` is called. For one waiter, the source. */
  whenOpen(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  /** Ends the wait though the gate may be shut: the source is to be let go. */
  wake(): void {
    const resolve = this.waiting;
    this.waiting = undefined;
    resolve?.();
  }
}
