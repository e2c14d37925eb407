import { HttpException } from '@nestjs/common';

/** How deep the causes of an error are looked into. */
const MAX_CAUSES = 8;

/** How errors call themselves that say "this was aborted": those of Node, of `fetch`, and of clients of other services. */
const ABORT = /abort|cancel|premature_close|stream_destroyed/i;

/**
 * Whether the log shall tell of an error that a source, or what prepared it, threw when its stream was over already.
 *
 * It shall not of what says only that the work was aborted, which is what a source is asked to do, nor of an `HttpException`,
 * an answer to a client that is not there any more.
 */
export function isWorthLogging(error: unknown): boolean {
  if (error instanceof HttpException) {
    return false;
  }
  let cause = error;
  for (let depth = 0; depth < MAX_CAUSES && typeof cause === 'object' && cause !== null; depth++) {
    const { name, code, constructor } = cause as { name?: unknown; code?: unknown; constructor?: { name?: unknown } };
    if ([name, code, constructor?.name].some((own) => typeof own === 'string' && ABORT.test(own))) {
      return false;
    }
    cause = (cause as { cause?: unknown }).cause;
  }
  return true;
}
