import { Fifo } from '../channel/fifo';

/** Milliseconds between two looks. */
const STEP = 50;

/** Something that has to be done in time. */
interface Deadline {
  readonly at: number;
  /** Called when it is not; `undefined` once it is done. */
  expire: (() => void) | undefined;
}

/** One timer for all commands: each has the same time, so they run out in the order in which they began. */
export class Deadlines {
  private readonly waiting = new Fifo<Deadline>();
  private timer: NodeJS.Timeout | undefined;

  /** @param time milliseconds; a deadline runs out up to 50 later. */
  constructor(private readonly time: number) {}

  /** @returns what is to be handed to `done()`. */
  begin(expire: () => void): Deadline {
    const deadline = { at: performance.now() + this.time, expire };
    this.waiting.push(deadline);
    this.timer ??= setInterval(() => this.look(), STEP);
    return deadline;
  }

  done(deadline: Deadline): void {
    deadline.expire = undefined;
    this.forgetDone();
  }

  private look(): void {
    const now = performance.now();
    for (let next = this.waiting.at(0); next && (!next.expire || next.at <= now); next = this.waiting.at(0)) {
      this.waiting.shift();
      next.expire?.();
    }
    if (this.waiting.length === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  private forgetDone(): void {
    for (let next = this.waiting.at(0); next && !next.expire; next = this.waiting.at(0)) {
      this.waiting.shift();
    }
  }
}
