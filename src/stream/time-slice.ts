/**
 * How long, in milliseconds, one source may go on without a turn of the event loop. A source that never waits for anything
 * would otherwise starve every other request for as long as its client reads. With twice as much, others waited up to 22 ms.
 */
const LENGTH = 4;

/** A look at the clock for every event would be the dearest part of a small one. */
const EVENTS_BETWEEN_LOOKS = 16;

/** The time that a loop over events may take before it lets others go on. */
export class TimeSlice {
  private start = performance.now();
  private events = 0;

  /** Counts an event. Whether the slice is used up: `next` is to be awaited before this event. */
  isOver(): boolean {
    return ++this.events % EVENTS_BETWEEN_LOOKS === 0 && performance.now() - this.start > LENGTH;
  }

  /** Waits for a turn of the event loop, and begins anew. */
  async next(): Promise<void> {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    this.start = performance.now();
  }
}
