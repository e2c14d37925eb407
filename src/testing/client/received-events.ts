/** The events that a client has got and a test has not taken yet, and who waits for them. */
export class ReceivedEvents<E> {
  private readonly kept: E[] = [];
  /** How many events have gone from the beginning of `kept`. */
  private gone = 0;
  private taken = 0;
  private why: Error | undefined;
  private waiting: (() => void)[] = [];

  /**
   * @param max most events that are kept.
   * @param patience milliseconds that what is waited for may take.
   */
  constructor(
    private readonly max: number,
    private readonly patience: number,
  ) {}

  /** What is kept, taken or not. */
  get all(): readonly E[] {
    return this.kept;
  }

  add(event: E): void {
    this.kept.push(event);
    if (this.kept.length > this.max) {
      this.kept.shift();
      this.gone++;
    }
  }

  /** The next event, if it is here. @throws Error when it was dropped. */
  take(): E | undefined {
    if (this.taken < this.gone) {
      const dropped = this.gone - this.taken;
      this.taken = this.gone;
      throw new Error(`${dropped} events were dropped before they were taken: more than maxEvents (${this.max}) came`);
    }
    const event = this.kept[this.taken - this.gone];
    if (this.taken < this.gone + this.kept.length) {
      this.taken++;
    }
    return event;
  }

  /** Lets those who wait look again. */
  look(): void {
    for (const resolve of this.waiting.splice(0)) {
      resolve();
    }
  }

  /** Nothing comes any more. The first reason counts. */
  end(why: Error): void {
    this.why ??= why;
    this.look();
  }

  /**
   * Waits until a look finds something.
   *
   * @throws Error when it does not in time, or nothing can come any more.
   */
  async wait<V>(what: string | (() => string), find: () => V | undefined, within = this.patience): Promise<V> {
    const deadline = performance.now() + within;
    for (;;) {
      const found = find();
      if (found !== undefined) {
        return found;
      }
      if (this.why) {
        throw new Error(`${describe(what)} cannot come: ${this.why.message}`, { cause: this.why });
      }
      const left = deadline - performance.now();
      if (left <= 0) {
        throw new Error(`Not within ${within} ms: ${describe(what)}. ${this.summary()}`);
      }
      await this.change(left);
    }
  }

  private async change(left: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      timer = Number.isFinite(left) ? setTimeout(resolve, left) : undefined;
    });
    clearTimeout(timer);
  }

  private summary(): string {
    const last = JSON.stringify(this.kept.at(-1))?.slice(0, 300);
    return `${this.gone + this.kept.length} events came, ${this.taken} were taken; the last is ${last ?? 'none'}`;
  }
}

function describe(what: string | (() => string)): string {
  return typeof what === 'string' ? what : what();
}
