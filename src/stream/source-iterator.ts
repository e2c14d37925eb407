/** What is pulled: an iterator whose `return` ends it at once, whatever it waits for. */
export interface SourceIterator {
  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;
  return?(): unknown;
}

/** Node's `Readable`, as far as it is used here; also that of another copy, `readable-stream` for example. */
interface NodeReadable extends AsyncIterable<unknown> {
  destroy(): unknown;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

/** A `ReadableStream` of the web, from whatever package. */
interface WebReadable {
  cancel(): Promise<void>;
  getReader(): { read(): Promise<IteratorResult<unknown>>; cancel(): Promise<void> };
}

/** Whether a value can be pulled. */
export function isIterable(source: unknown): source is object {
  return (
    typeof source === 'object' &&
    source !== null &&
    !ArrayBuffer.isView(source) &&
    (Symbol.asyncIterator in source || Symbol.iterator in source || isWebReadable(source))
  );
}

/**
 * Begins to iterate over a source.
 *
 * A stream is ended itself: the iterators of `Readable` and `ReadableStream` do so only when the read that is under way has
 * settled, and of a stream that is silent it never does.
 *
 * @param onLateError gets the error of a stream that is ended before its end.
 */
export function iterate(source: object, onLateError: (error: unknown) => void): SourceIterator {
  if (isWebReadable(source)) {
    const reader = source.getReader();
    return { next: () => reader.read(), return: () => reader.cancel() };
  }
  if (isNodeReadable(source)) {
    return endedWith(source[Symbol.asyncIterator](), source, onLateError);
  }
  const iterator =
    Symbol.asyncIterator in source
      ? (source as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      : (source as Iterable<unknown>)[Symbol.iterator]();
  // The iterator of a `Readable`, which Node links to its stream.
  const { stream } = iterator as { readonly stream?: unknown };
  return isNodeReadable(stream) ? endedWith(iterator, stream, onLateError) : iterator;
}

function endedWith(
  iterator: SourceIterator,
  stream: NodeReadable,
  onLateError: (error: unknown) => void,
): SourceIterator {
  let isEnded = false;
  // Its own iterator listens only while it reads. An `error` that nobody listens to would end the process.
  stream.on('error', (error) => {
    if (isEnded) {
      onLateError(error);
    }
  });
  return {
    next: () => iterator.next(),
    return: () => {
      isEnded = true;
      stream.destroy();
      return iterator.return?.();
    },
  };
}

function isNodeReadable(value: unknown): value is NodeReadable {
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.asyncIterator in value &&
    typeof (value as Partial<NodeReadable>).destroy === 'function' &&
    typeof (value as Partial<NodeReadable>).on === 'function'
  );
}

function isWebReadable(value: object): value is WebReadable {
  return (
    typeof (value as Partial<WebReadable>).getReader === 'function' &&
    typeof (value as Partial<WebReadable>).cancel === 'function'
  );
}
