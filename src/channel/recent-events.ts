import type { Position } from './backplane';
import type { TopicEvent } from './topic-event';

/** Most events that are kept. Who reads the history more slowly than that meets the live events at a later one. */
const MAX_EVENTS = 512;
/** Most characters of payload that are kept. */
const MAX_LENGTH = 524_288;

/** What came lately in one topic: the stretch where a reader of the history may cross over to the live events. */
export class RecentEvents {
  /** Events by the position before them. Insertion order is that of the topic. */
  private readonly places = new Map<Position, TopicEvent | undefined>();
  private tip: Position | undefined;
  private length = 0;

  /** Begins to keep events, from this position on, if it has not yet. From then on it must be given every one. */
  record(position: Position): void {
    if (this.tip === undefined) {
      this.places.set(position, undefined);
      this.tip = position;
    }
  }

  add(event: TopicEvent): void {
    this.places.set(this.tip!, event);
    this.places.set(event.position, undefined);
    this.tip = event.position;
    this.length += event.payload.length;
    while (this.places.size > MAX_EVENTS || (this.length > MAX_LENGTH && this.places.size > 1)) {
      const [oldest, next] = this.places.entries().next().value!;
      this.places.delete(oldest);
      this.length -= next?.payload.length ?? 0;
    }
  }

  /** The events after a position, or `undefined` when it is not among those that came lately. */
  after(position: Position): TopicEvent[] | undefined {
    if (!this.places.has(position)) {
      return undefined;
    }
    const events: TopicEvent[] = [];
    for (let next = this.places.get(position); next; next = this.places.get(next.position)) {
      events.push(next);
    }
    return events;
  }

  clear(): void {
    this.places.clear();
    this.tip = undefined;
    this.length = 0;
  }
}
