import { isObservable, Observable, type Subscriber, type Unsubscribable } from 'rxjs';
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
      `or a promise of one; it returned ${source === undefined ? 'nothing (is a `return` or a `yield` missing?)' : `a value of type ${typeof source}`}`,
  );
}

type AnyIterator = AsyncIterator<unknown> | Iterator<unknown>;

function pull(iterate: () => AnyIterator, demand: Demand): Observable<unknown> {
  return new Observable((subscriber) => {
    const puller = new Puller(iterate(), demand, subscriber);
    subscriber.add(puller);
    puller.start();
  });
}

/** Pulls an iterator for one subscriber, by demand. */
class Puller implements Unsubscribable {
  private isFinished = false;

  constructor(
    private readonly iterator: AnyIterator,
    private readonly demand: Demand,
    private readonly subscriber: Subscriber<unknown>,
  ) {}

  start(): void {
    this.run().catch((error: unknown) => {
      this.isFinished = true;
      // After the end nobody listens: usually it is the source's own AbortError.
      this.subscriber.error(error);
    });
  }

  unsubscribe(): void {
    this.demand.wake();
    if (!this.isFinished) {
      void giveBack(this.iterator);
    }
  }

  private async run(): Promise<void> {
    const { demand, iterator, subscriber } = this;
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
        this.isFinished = true;
        subscriber.complete();
        return;
      }
      // As `for await` does with the promises that a synchronous iterable gives.
      const event: unknown = isPromiseLike(value) ? await value : value;
      if (!subscriber.closed) {
        subscriber.next(event);
      }
    }
  }
}

/** Runs the source's `finally`. What it throws then has nobody left to go to. */
async function giveBack(iterator: AnyIterator): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The stream is over already.
  }
}
