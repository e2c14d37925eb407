import type { TimerWheel, WheelEntry } from '../stream/timer-wheel';
import type { Position } from './backplane';

/** Most keys that are remembered; the oldest are forgotten before their time when there are more. */
const MAX_KEYS = 100_000;

interface Known {
  readonly position: Position;
  readonly expires: number;
}

/** The keys of publications, for as long as a second one with the same key may come. */
export class MemoryKeys implements WheelEntry {
  // All are kept equally long, so the order of insertion is that of expiry.
  private readonly known = new Map<string, Known>();

  /** @param window milliseconds that a key is remembered. */
  constructor(
    private readonly wheel: TimerWheel,
    private readonly window: number,
  ) {}

  get size(): number {
    return this.known.size;
  }

  /** The position of the publication that had this key. */
  find(topic: string, key: string): Position | undefined {
    const known = this.known.get(nameOf(topic, key));
    return known && known.expires > performance.now() ? known.position : undefined;
  }

  remember(topic: string, key: string, position: Position): void {
    const name = nameOf(topic, key);
    this.known.delete(name);
    this.known.set(name, { position, expires: performance.now() + this.window });
    if (this.known.size === 1) {
      this.wheel.add(this, this.window);
    } else if (this.known.size > MAX_KEYS) {
      this.known.delete(this.known.keys().next().value!);
    }
  }

  onTick(now: number): number {
    for (const [name, { expires }] of this.known) {
      if (expires > now) {
        return expires - now;
      }
      this.known.delete(name);
    }
    this.wheel.remove(this);
    return this.window;
  }

  clear(): void {
    this.known.clear();
    this.wheel.remove(this);
  }
}

/** One string for both; the length keeps `a`, `bc` apart from `ab`, `c`. */
function nameOf(topic: string, key: string): string {
  return `${topic.length}:${topic}${key}`;
}
