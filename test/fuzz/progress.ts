import { progress as progressBar } from '@clack/prompts';

const STEPS = 1_000;

/** Shows on a terminal how far a run is; elsewhere it says so ten times. */
export class Progress {
  private readonly bar = process.stderr.isTTY
    ? progressBar({ style: 'heavy', max: STEPS, size: 30, output: process.stderr })
    : undefined;
  private at = 0;

  constructor(private readonly title: string) {
    this.bar?.start(title);
    if (!this.bar) {
      process.stderr.write(`${title}\n`);
    }
  }

  show(share: number): void {
    const at = Math.min(STEPS, Math.floor(share * STEPS));
    if (this.bar) {
      this.bar.advance(at - this.at, this.title);
    } else if (Math.floor(at / 100) > Math.floor(this.at / 100)) {
      process.stderr.write(`  ${Math.floor(at / 100) * 10} %\n`);
    }
    this.at = at;
  }

  stop(): void {
    this.bar?.stop(this.title);
  }
}
