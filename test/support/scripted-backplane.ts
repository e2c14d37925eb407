import type { Backplane, BackplaneSubscribeOptions, Delivery } from '../../src/channel/backplane';
import { Fifo } from '../../src/channel/fifo';

/** A subscription whose deliveries are a test's to give. */
export class ScriptedSubscription implements AsyncIterableIterator<Delivery, undefined> {
  private readonly deliveries = new Fifo<Delivery>();
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  constructor(readonly options: BackplaneSubscribeOptions) {
    options.signal.addEventListener('abort', () => this.wake(), { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Delivery, undefined>> {
    while (this.deliveries.length === 0 && !this.failure && !this.options.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const value = this.deliveries.shift();
    if (value) {
      return { done: false, value };
    }
    if (this.failure) {
      throw this.failure;
    }
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Delivery, undefined>> {
    return { done: true, value: undefined };
  }

  start(position: string): void {
    this.give({ kind: 'start', position });
  }

  gap(position: string): void {
    this.give({ kind: 'gap', reason: 'reset', position });
  }

  status(state: 'live' | 'stale'): void {
    this.give({ kind: 'status', state });
  }

  /** Events of these numbers, at `p.<number>`. */
  events(...numbers: number[]): void {
    for (const n of numbers) {
      this.payload(`p.${n}`, `data: ${n}\n\n`);
    }
  }

  payload(position: string, payload: string): void {
    this.give({ kind: 'event', position, payload });
  }

  fail(error: Error): void {
    this.failure = error;
    this.wake();
  }

  private give(delivery: Delivery): void {
    this.deliveries.push(delivery);
    this.wake();
  }
}

/** A backplane that gives what a test tells it to, to each subscription in the order in which they were made. */
export class ScriptedBackplane implements Backplane {
  readonly capabilities = { survives: 'nothing', dedupeWindow: 0, exactGaps: true } as const;
  readonly subscriptions: ScriptedSubscription[] = [];

  async start(): Promise<void> {}

  async publish(): Promise<never> {
    throw new Error('Nothing is published here');
  }

  subscribe(_topic: string, options: BackplaneSubscribeOptions): ScriptedSubscription {
    const subscription = new ScriptedSubscription(options);
    this.subscriptions.push(subscription);
    return subscription;
  }

  async close(): Promise<void> {}
}
