import type { Logger } from '@nestjs/common';
import { printable, quoted } from '../event/printable';
import { RepeatedLog } from '../stream/repeated-log';
import type { Position } from './backplane';

/** Most entries that are remembered as reported. */
const MAX_REPORTED = 100;

/**
 * Reports what other programs wrote into a channel's history and is no event. Each client that reads the history meets such
 * an entry again: it is reported once.
 */
export class MalformedEntries {
  private readonly log: RepeatedLog;
  private readonly reported = new Set<string>();

  constructor(
    private readonly channel: string,
    logger: Logger,
  ) {
    this.log = new RepeatedLog(logger);
  }

  report(topic: string, position: Position): void {
    const entry = `${position} ${topic}`;
    if (this.reported.has(entry)) {
      return;
    }
    if (this.reported.size >= MAX_REPORTED) {
      const [oldest] = this.reported;
      this.reported.delete(oldest!);
    }
    this.reported.add(entry);
    const what = 'skipped an entry of the history that is not a valid event';
    this.log.say({ level: 'warn', place: this.channel, what, kind: undefined }, () => ({
      detail: `: topic ${quoted(topic)}, position ${printable(position, 100)}. Another program may have written it`,
    }));
  }

  /** Reports what was counted and not reported yet. */
  flush(): void {
    this.log.flush();
  }
}
