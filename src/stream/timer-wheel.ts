import { Logger } from '@nestjs/common';
import { errorKind, errorLine, errorText } from '../event/error-text';
import { RepeatedLog } from './repeated-log';

/** Length of a step, in milliseconds: how late a look may come, and the shortest delay that is kept. */
export const TIMER_STEP = 50;
/** Steps of one round; a longer delay is looked at once a round. */
const SLOTS = 512;

const log = new RepeatedLog(new Logger('Sse'));

/** What is looked at from time to time. */
export interface WheelEntry {
  /** @returns milliseconds until the next look. */
  onTick(now: number): number;
}

/**
 * One timer for all connections: each stands in the slot of the moment when it is to be looked at next. An event does not
 * touch the wheel, so a busy connection costs one look for each heartbeat interval, and no step walks over all of them.
 */
export class TimerWheel {
  private readonly slots = Array.from({ length: SLOTS }, () => new Set<WheelEntry>());
  private readonly slotOf = new Map<WheelEntry, Set<WheelEntry>>();
  private position = 0;
  private timer: NodeJS.Timeout | undefined;

  /** How many entries there are. */
  get size(): number {
    return this.slotOf.size;
  }

  /** @param delay milliseconds until the first look. */
  add(entry: WheelEntry, delay: number): void {
    this.remove(entry);
    const steps = Math.min(Math.max(Math.ceil(delay / TIMER_STEP), 1), SLOTS - 1);
    const slot = this.slots[(this.position + steps) % SLOTS]!;
    slot.add(entry);
    this.slotOf.set(entry, slot);
    this.timer ??= setInterval(() => this.step(), TIMER_STEP).unref();
  }

  remove(entry: WheelEntry): void {
    this.slotOf.get(entry)?.delete(entry);
    this.slotOf.delete(entry);
    if (this.slotOf.size === 0) {
      this.stop();
    }
  }

  private step(): void {
    this.position = (this.position + 1) % SLOTS;
    const slot = this.slots[this.position]!;
    if (slot.size === 0) {
      return;
    }
    const now = performance.now();
    for (const entry of slot) {
      try {
        const delay = entry.onTick(now);
        // It may have gone while it was looked at.
        if (this.slotOf.has(entry)) {
          this.add(entry, delay);
        }
      } catch (error) {
        // Here nobody could catch it, and those that are looked at next have no part in it.
        this.remove(entry);
        const what = 'a connection could not be looked at';
        log.say({ level: 'error', place: 'timers', what, kind: errorKind(error) }, () => ({
          stack: errorText(error),
          about: errorLine(error),
        }));
      }
    }
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
