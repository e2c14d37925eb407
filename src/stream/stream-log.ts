import type { Logger } from '@nestjs/common';
import { errorKind, errorLine, errorText, messageOf } from '../event/error-text';
import type { SseValidationError } from '../event/sse.error';
import { RepeatedLog } from './repeated-log';

/** Most characters of a message in a line. */
const MAX_MESSAGE = 2_000;

/** What the streams of an application write to its log. Each route is bounded by itself. */
export class StreamLog {
  private readonly log: RepeatedLog;

  constructor(logger: Logger) {
    this.log = new RepeatedLog(logger);
  }

  /**
   * Something of the application's own failed.
   *
   * @param what says so in words that are the same each time.
   */
  failed(route: string, what: string, error: unknown): void {
    this.log.say({ level: 'error', place: route, what, kind: errorKind(error) }, () => ({
      stack: errorText(error),
      about: errorLine(error),
    }));
  }

  /** A stream ended because its source is temporarily unavailable. */
  unavailable(route: string, error: unknown): void {
    this.warn(route, 'the stream ended for now, because its source is unavailable', errorKind(error), error);
  }

  /** An event was left out, because its data are invalid. */
  dropped(route: string, error: SseValidationError): void {
    // None is like another: each is an event that is lost.
    this.warn(route, 'dropped an event', undefined, error);
  }

  /** @param reason says why in this library's own words; numbers in it may differ. */
  overflowed(route: string, reason: string): void {
    const kind = reason.replace(/\d+/g, '#');
    this.log.say({ level: 'warn', place: route, what: 'closed a connection', kind }, () => ({
      detail: `, ${reason}`,
      about: reason,
    }));
  }

  /** Tells what was counted and not told yet. */
  flush(): void {
    this.log.flush();
  }

  private warn(place: string, what: string, kind: string | undefined, error: unknown): void {
    this.log.say({ level: 'warn', place, what, kind }, () => ({
      detail: `. ${messageOf(error, MAX_MESSAGE)}`,
      about: errorLine(error),
    }));
  }
}
