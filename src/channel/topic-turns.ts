import { SseUnavailableError } from './backplane.error';

/** Most publications to one topic that wait for their validation, or for those before them. */
export const MAX_WAITING = 1_000;

interface Lane {
  waiting: number;
  /** Settles when the turn of the last one is over. */
  last: Promise<void> | undefined;
}

/**
 * Keeps the publications of each topic in the order of their calls, whichever is validated first. Topics do not wait for
 * each other.
 */
export class TopicTurns {
  private readonly lanes = new Map<string, Lane>();

  /** Whether nothing waits for this topic. */
  isFree(topic: string): boolean {
    return !this.lanes.has(topic);
  }

  /** @throws SseUnavailableError when more wait for this topic than may. */
  check(topic: string): void {
    if ((this.lanes.get(topic)?.waiting ?? 0) >= MAX_WAITING) {
      throw new SseUnavailableError(
        `${MAX_WAITING} publications to the topic "${topic}" wait for their validation. Nothing was written. Publish more ` +
          'slowly, or make the schema faster',
      );
    }
  }

  /** Does `work` with what is `ready`, after the work of those that came before. The turn is over when `work` has returned. */
  async take<R, T>(topic: string, ready: R | Promise<R>, work: (ready: R) => T): Promise<Awaited<T>> {
    const lane = this.lanes.get(topic) ?? { waiting: 0, last: undefined };
    this.lanes.set(topic, lane);
    lane.waiting++;
    const before = lane.last;
    let passOn!: () => void;
    lane.last = new Promise<void>((resolve) => {
      passOn = resolve;
    });
    try {
      await Promise.allSettled([ready, before]);
      // Not awaited: the next one does not wait for what this work starts.
      return work(await ready) as Awaited<T>;
    } finally {
      passOn();
      if (--lane.waiting === 0) {
        this.lanes.delete(topic);
      }
    }
  }
}
