import { progress as progressBar } from '@clack/prompts';

const STEPS = 1_000;

/** Shows on a terminal how far the run is; elsewhere it says what begins. */
export class Progress {
  private readonly bar = process.stderr.isTTY
    ? progressBar({ style: 'heavy', max: STEPS, size: 30, output: process.stderr })
    : undefined;
  private workload = 0;
  private at = 0;
  private what = '';

  constructor(private readonly workloads: number) {
    this.bar?.start('starting');
  }

  /** A workload begins. */
  begin(index: number): void {
    this.workload = index;
  }

  show(what: string, done: number, all: number, now: string): void {
    if (!this.bar && what !== this.what) {
      process.stderr.write(`${what}\n`);
    }
    this.what = what;
    const at = Math.floor(((this.workload + done / all) / this.workloads) * STEPS);
    // A workload with several parts comes to its end several times.
    this.bar?.advance(Math.max(0, at - this.at), `${what}: ${now}`);
    this.at = Math.max(this.at, at);
  }

  stop(message: string): void {
    this.bar?.stop(message);
  }
}
