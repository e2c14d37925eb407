import { SseError } from '../event/sse.error';

/**
 * What ended a stream of `tailCursor`: the server `refused` a statement (its error is the cause); a row has no timestamp, or
 * one that is `invalid`; timestamps went `backwards`; a `key` has two rows at once; or one timestamp has more rows than
 * `maxRows` (`overflow`).
 */
export type SseTailCursorFault = 'refused' | 'invalid' | 'backwards' | 'key' | 'overflow';

/** The rows of a cursor cannot be told as changes. The stream ends rather than losing some. */
export class SseTailCursorError extends SseError {
  readonly code = 'SSE_TAIL_CURSOR';

  constructor(
    readonly reason: SseTailCursorFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
