/** The bytes of a body, one piece after the other. */
export interface Chunks {
  /** The next piece, or `undefined` at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Lets go of the body and its connection, also while `next` waits. */
  close(): void;
}

export function chunksOfBody(body: ReadableStream<Uint8Array>): Chunks {
  const reader = body.getReader();
  return {
    next: async () => (await reader.read()).value,
    close: () => {
      // A body that has failed fails once more.
      reader.cancel().catch(() => undefined);
    },
  };
}

export function chunksOfIterable(body: AsyncIterable<Uint8Array | string>): Chunks {
  const iterator = body[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return {
    next: async () => {
      const { done, value } = await iterator.next();
      return done ? undefined : typeof value === 'string' ? encoder.encode(value) : value;
    },
    close: () => {
      iterator.return?.().then(undefined, () => undefined);
    },
  };
}
