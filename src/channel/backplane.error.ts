import { SseError } from '../event/sse.error';

/** The backplane's engine cannot be reached. Nothing was written. */
export class SseUnavailableError extends SseError {
  readonly code = 'SSE_UNAVAILABLE';
}

/**
 * The engine did not answer, or the connection to it broke: the event may have been written, or not. To publish it again
 * with the same `key` is safe.
 */
export class SseOutcomeUnknownError extends SseError {
  readonly code = 'SSE_OUTCOME_UNKNOWN';
}

/** The backplane is closed, usually because the application shuts down. Nothing was written. */
export class SseClosedError extends SseError {
  readonly code = 'SSE_CLOSED';

  constructor() {
    super('The backplane is closed, usually because the application shuts down. Nothing was written');
  }
}
