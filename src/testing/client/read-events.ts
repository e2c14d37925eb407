import { chunksOfBody, chunksOfIterable, type Chunks } from './chunks';
import { EventStreamParser } from './event-stream-parser';
import { Patience, type PatienceOptions } from './patience';
import { parseJson, received, type ParseData, type ReceivedEvent } from './received-event';
import { requestStream, streamOf, type StreamRequestOptions } from './stream-request';

/** Options of `readEvents()`. */
export interface ReadEventsOptions<T = unknown> extends StreamRequestOptions, PatienceOptions {
  /** Most events that are read; the connection is closed then. @default Infinity */
  readonly limit?: number | undefined;
  /** The id to resume from, for a request that is made here. @default '' */
  readonly lastEventId?: string | undefined;
  /** Makes a value of each event's data. Pass `String` for routes with `format: 'text'`. @default JSON, or else text */
  readonly parse?: ParseData<T> | undefined;
}

/** Where events may be read from: an address, a response, or the bytes of a body. */
export type EventsSource = string | URL | Response | AsyncIterable<Uint8Array | string>;

/** The events of one stream. They can be read once. */
export interface EventReader<T = unknown> extends AsyncIterableIterator<ReceivedEvent<T>, undefined> {
  /** The events up to the end of the stream, or to `limit`; at most 100,000. */
  toArray(): Promise<ReceivedEvent<T>[]>;
}

const MAX_ARRAY = 100_000;

/**
 * Reads the events of one stream, without coming back when it ends: each by itself, or all of them.
 *
 * @throws StreamRefusedError, on the first step, when the answer is no event stream.
 * @throws Error when an event does not come in time, or the connection breaks.
 *
 * @example
 * ```ts
 * const events = await readEvents(`${url}/stocks`, { limit: 3 }).toArray();
 * expect(events.map(({ data }) => data)).toEqual([…]);
 * ```
 */
export function readEvents<T = unknown>(source: EventsSource, options: ReadEventsOptions<T> = {}): EventReader<T> {
  const events = iterate(source, options);
  return Object.assign(events, {
    async toArray(): Promise<ReceivedEvent<T>[]> {
      const all: ReceivedEvent<T>[] = [];
      for await (const event of events) {
        if (all.push(event) > MAX_ARRAY) {
          throw new Error(`The stream has more than ${MAX_ARRAY} events; read it with a limit, or event by event`);
        }
      }
      return all;
    },
  });
}

async function* iterate<T>(
  source: EventsSource,
  options: ReadEventsOptions<T>,
): AsyncGenerator<ReceivedEvent<T>, undefined> {
  const { limit = Infinity, parse = parseJson as ParseData<T> } = options;
  const patience = new Patience(options);
  let chunks: Chunks | undefined;
  let count = 0;
  try {
    patience.start(count);
    chunks = await patience.wait(chunksOf(source, options, patience.signal));
    const parser = new EventStreamParser(options.lastEventId);
    while (count < limit) {
      const chunk = await patience.wait(chunks.next());
      if (chunk === undefined) {
        return;
      }
      for (const event of parser.push(chunk)) {
        patience.stop();
        yield received(event, parse);
        patience.start(++count);
        if (count === limit) {
          return;
        }
      }
    }
  } finally {
    patience.end();
    chunks?.close();
  }
}

async function chunksOf(
  source: EventsSource,
  options: StreamRequestOptions & { readonly lastEventId?: string },
  signal: AbortSignal,
): Promise<Chunks> {
  if (typeof source === 'string' || source instanceof URL) {
    return chunksOfBody((await requestStream(source, options, options.lastEventId ?? '', signal)).body!);
  }
  return source instanceof Response ? chunksOfBody((await streamOf(source)).body!) : chunksOfIterable(source);
}
