/** How patient a reader is. */
export interface PatienceOptions {
  /** Milliseconds that the next event may take to come. @default 5_000 */
  readonly within?: number | undefined;
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a reader waits: for a time each, and not once its signal has aborted. */
export class Patience {
  private readonly abort = new AbortController();
  private readonly within: number;
  private readonly given: AbortSignal | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly giveUp = (): void => this.abort.abort(this.given!.reason);

  constructor({ within = 5_000, signal }: PatienceOptions) {
    this.within = within;
    this.given = signal;
    signal?.addEventListener('abort', this.giveUp, { once: true });
    if (signal?.aborted) {
      this.giveUp();
    }
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  start(count: number): void {
    this.stop();
    this.timer = setTimeout(() => {
      this.abort.abort(new Error(`No event came within ${this.within} ms, after ${count} of them`));
    }, this.within);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** What a promise gives, unless the patience is over before. */
  async wait<V>(promise: Promise<V>): Promise<V> {
    const { signal } = this;
    let give: (() => void) | undefined;
    const over = new Promise<never>((_, reject) => {
      give = () => reject(signal.reason as Error);
      signal.addEventListener('abort', give, { once: true });
    });
    try {
      signal.throwIfAborted();
      return await Promise.race([promise, over]);
    } finally {
      signal.removeEventListener('abort', give!);
      promise.catch(() => undefined);
    }
  }

  end(): void {
    this.stop();
    this.given?.removeEventListener('abort', this.giveUp);
    this.abort.abort();
  }
}
