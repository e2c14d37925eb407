import { encodeOwnEvent, retryFrame } from '../event/encode';
import { END_FRAME, endFrame, SILENT_END_FRAME } from '../event/end-frame';
import { ERROR_EVENT } from '../event/own-events';
import { acceptsEventStream } from './accept';
import type { RawRequest } from './client-response';
import { errorFrame } from './error-frame';
import { problemDetailsOf } from './problem-details';
import { spread } from './spread';
import type { OnEnd, StreamOptions } from './stream-options';

/** Milliseconds after which browsers reconnect, more or less, to a stream that sets no other time. */
const USUAL_RETRY = 3_000;

/** Another time for each client: those whose streams end at the same moment do not reconnect at the same moment. */
export function jitteredRetry({ retry }: Pick<StreamOptions, 'retry'>): number {
  return spread(retry ?? USUAL_RETRY);
}

/**
 * What a stream that is over writes last.
 *
 * @param retry milliseconds that the client of `'reconnect'` shall wait.
 */
export function lastFrame(onEnd: OnEnd, request: RawRequest, retry: number): string {
  if (onEnd === 'stop') {
    return acceptsEventStream(request) ? END_FRAME : SILENT_END_FRAME;
  }
  if (onEnd === 'reconnect') {
    return retryFrame(retry);
  }
  return typeof onEnd === 'object' ? endFrame(onEnd) : '';
}

/** How a stream ends that failed. */
export interface ErrorEnding {
  /** What tells the client of the error, and when to reconnect. */
  readonly frame: string;
  readonly onEnd: 'stop' | 'nothing';
  /** What `onError` threw, where it did. */
  readonly failure?: { readonly cause: unknown } | undefined;
}

/** Asks `onError` how a stream ends. Where that fails, it ends as if nothing were said. */
export function errorEnding(error: unknown, options: StreamOptions, request: unknown): ErrorEnding {
  const { onError } = options;
  const retry = jitteredRetry(options);
  let how: 'reconnect' | 'stop' = 'reconnect';
  let failure: ErrorEnding['failure'];
  if (typeof onError === 'function') {
    try {
      const made = onError(error, request);
      if (made !== 'reconnect' && made !== 'stop') {
        return { frame: errorFrame(made, retry), onEnd: 'nothing' };
      }
      how = made;
    } catch (cause) {
      failure = { cause };
    }
  } else {
    how = onError;
  }
  const data = problemDetailsOf(error);
  return how === 'stop'
    ? { frame: encodeOwnEvent({ event: ERROR_EVENT, data }), onEnd: 'stop', failure }
    : { frame: encodeOwnEvent({ event: ERROR_EVENT, retry, data }), onEnd: 'nothing', failure };
}
