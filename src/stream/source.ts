import { isObservable, Observable } from 'rxjs';
import { isPromiseLike } from '../event/is-promise-like';
import { SseSourceError } from '../event/sse.error';
import type { Demand } from './demand';
import { TimeSlice } from './time-slice';

/**
 * Makes an `Observable` of what a handler returned: an iterable is pulled by demand, an `Observable` pushes.
 *
 * @throws SseSourceError when it is neither.
 */
export function toObservable(source: unknown, demand: Demand, handler: string): Observable<unknown> {
  if (isObservable(source)) {
    return source;
  }
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source) {
      return pull(() => (source as AsyncIterable<unknown>)[Symbol.asyncIterator](), demand);
    }
    if (Symbol.iterator in source) {
      return pull(() => (source as Iterable<unknown>)[Symbol.iterator](), demand);
    }
  }
  throw new SseSourceError(
    `${handler} must return an AsyncIterable (async *${handler.split('.').at(-1)}() { yield … }), an Iterable, an Observable, ` +
      `or a promise of one; it returned ${source === null ? 'null' : `a value of type ${typeof source}`}`,
  );
}

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

function pull(iterate: () => AnyIterator, demand: Demand): Observable<unknown> {
  return new Observable((subscriber) => {
    const iterator = iterate();
    let finished = false;

    const run = async (): Promise<void> => {
      const slice = new TimeSlice();
      while (!subscriber.closed) {
        if (!demand.isOpen) {
          // No turn of the event loop need pass here: what a socket takes at once drains in the same turn.
          await demand.whenOpen();
          continue;
        }
        if (slice.isOver()) {
          await slice.next();
          continue;
        }
        const next = iterator.next();
        const { done, value } = isPromiseLike(next) ? await next : next;
        if (done) {
          finished = true;
          subscriber.complete();
          return;
        }
        // As `for await` does with the promises that a synchronous iterable gives.
        const event: unknown = isPromiseLike(value) ? await value : value;
        if (!subscriber.closed) {
          subscriber.next(event);
        }
      }
    };

    run().catch((error: unknown) => {
      finished = true;
      // After the end nobody listens: usually it is the source's own AbortError.
      subscriber.error(error);
    });

    return () => {
      demand.wake();
      if (!finished) {
        void giveBack(iterator);
      }
    };
  });
}

/** Runs the source's `finally`. What it throws then has nobody left to go to. */
async function giveBack(iterator: AnyIterator): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The stream is over already.
  }
}
