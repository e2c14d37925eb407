import { progress as progressBar } from '@clack/prompts';
import type { ChaosProgress } from './chaos-run';

const STEPS = 1_000;
const number = new Intl.NumberFormat('en');

/** Shows on a terminal how far a run is; elsewhere it says so ten times. */
export class ProgressLine {
  private readonly bar = process.stderr.isTTY
    ? progressBar({ style: 'heavy', max: STEPS, size: 30, output: process.stderr })
    : undefined;
  private at = 0;
  private tenth = 0;

  constructor(private readonly title: string) {
    this.bar?.start(title);
    if (!this.bar) {
      process.stderr.write(`${title}\n`);
    }
  }

  show({ share, published, received, connections, kills }: ChaosProgress): void {
    const text =
      `${number.format(published)} published, ${number.format(received)} received over ` +
      `${number.format(connections)} connections, ${kills} killed`;
    if (this.bar) {
      const at = Math.floor(share * STEPS);
      this.bar.advance(at - this.at, `${this.title}: ${text}`);
      this.at = at;
    } else if (Math.floor(share * 10) > this.tenth) {
      this.tenth = Math.floor(share * 10);
      process.stderr.write(`  ${this.tenth * 10} %: ${text}\n`);
    }
  }

  stop(text: string): void {
    this.bar?.stop(`${this.title}: ${text}`);
  }
}
