import { isObservable, Observable, type Subscriber, type Unsubscribable } from 'rxjs';
import { isPromiseLike } from '../event/is-promise-like';
import { SseSourceError } from '../event/sse.error';
import type { Demand } from './demand';
import { isIterable, iterate, type SourceIterator } from './source-iterator';
import { TimeSlice } from './time-slice';

/** Who reads a source. */
export interface SourceReader {
  readonly demand: Demand;
  /** The controller and the method, for messages. */
  readonly handler: string;
  /** What a source throws when its stream is over already. */
  onLateError(error: unknown): void;
}

/** Whether a value is a source of events: an iterable, a stream of Node or of the web, an `Observable`. */
export function isSource(value: unknown): boolean {
  return isObservable(value) || isIterable(value);
}

/**
 * Makes an `Observable` of what a handler returned: an iterable is pulled by demand, an `Observable` pushes.
 *
 * @throws SseSourceError when it is neither.
 */
export function toObservable(source: unknown, reader: SourceReader): Observable<unknown> {
  if (isObservable(source)) {
    return source;
  }
  if (isIterable(source)) {
    return new Observable((subscriber) => {
      const puller = new Puller(
        iterate(source, (error) => reader.onLateError(error)),
        reader,
        subscriber,
      );
      subscriber.add(puller);
      puller.start();
    });
  }
  const { handler } = reader;
  if (ArrayBuffer.isView(source)) {
    throw new SseSourceError(
      `${handler} returned bytes (${source.constructor.name}), which are no stream of events. Return [text], or yield text`,
    );
  }
  throw new SseSourceError(
    `${handler} must return an AsyncIterable (async *${handler.split('.').at(-1)}() { yield … }), an Iterable, an Observable, ` +
      `or a promise of one; it returned ${source === undefined ? 'nothing (is a `return` or a `yield` missing?)' : `a value of type ${typeof source}`}`,
  );
}

/**
 * Releases a source that came too late, when its stream was over: an iterator is returned, a stream destroyed or cancelled. An
 * `Observable` has not begun.
 */
export function releaseSource(source: unknown, reader: SourceReader): void {
  if (isObservable(source) || !isIterable(source)) {
    return;
  }
  try {
    void giveBack(
      iterate(source, (error) => reader.onLateError(error)),
      reader,
    );
  } catch (error) {
    reader.onLateError(error);
  }
}

/** Pulls an iterator for one subscriber, by demand. */
class Puller implements Unsubscribable {
  /** Whether the iterator is at its end, or was returned. */
  private isFinished = false;
  /** Whether the iterator's `next()` runs just now: a generator that runs cannot be returned. */
  private isInside = false;

  constructor(
    private readonly iterator: SourceIterator,
    private readonly reader: SourceReader,
    private readonly subscriber: Subscriber<unknown>,
  ) {}

  start(): void {
    this.run().catch((error: unknown) => {
      if (this.subscriber.closed) {
        this.reader.onLateError(error);
      } else {
        this.subscriber.error(error);
      }
    });
  }

  unsubscribe(): void {
    this.reader.demand.wake();
    if (!this.isInside) {
      this.finish();
    }
  }

  private async run(): Promise<void> {
    const { reader, subscriber } = this;
    const { demand } = reader;
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
      let result: IteratorResult<unknown>;
      try {
        const next = this.next();
        result = isPromiseLike(next) ? await next : next;
      } catch (error) {
        // An iterator that throws has ended itself.
        this.isFinished = true;
        throw error;
      }
      const { done, value } = result;
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

  private next(): ReturnType<SourceIterator['next']> {
    this.isInside = true;
    try {
      return this.iterator.next();
    } finally {
      this.isInside = false;
      if (this.subscriber.closed) {
        this.finish();
      }
    }
  }

  private finish(): void {
    if (!this.isFinished) {
      this.isFinished = true;
      void giveBack(this.iterator, this.reader);
    }
  }
}

/** Runs the source's `finally`. Nobody waits for that: it may take as long as it wants. */
async function giveBack(iterator: SourceIterator, reader: SourceReader): Promise<void> {
  try {
    await iterator.return?.();
  } catch (error) {
    reader.onLateError(error);
  }
}
