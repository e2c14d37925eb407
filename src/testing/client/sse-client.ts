import { setTimeout as sleep } from 'node:timers/promises';
import { chunksOfBody } from './chunks';
import { EventStreamParser, EventTooLongError } from './event-stream-parser';
import { ReceivedEvents } from './received-events';
import { parseJson, received, type ParseData, type ReceivedEvent } from './received-event';
import { requestStream, StreamRefusedError, type StreamRequestOptions } from './stream-request';

/** Longer waits overflow a timer, which then fires at once. */
const LONGEST_TIMER = 2_147_483_647;

/** Options of `SseClient`. */
export interface SseClientOptions<T = unknown> extends StreamRequestOptions {
  /** The id to begin with, as after an earlier connection. @default '' */
  readonly lastEventId?: string | undefined;
  /** Whether it comes back by itself when the connection ends, as `EventSource` does. @default true */
  readonly reconnect?: boolean | undefined;
  /** Milliseconds before it comes back, until the stream sets them. A browser's are about 3,000. @default 100 */
  readonly retry?: number | undefined;
  /** Most events that are kept; the oldest go first. @default 10_000 */
  readonly maxEvents?: number | undefined;
  /** Most characters of one event. A longer one ends the client. @default 67_108_864 */
  readonly maxEventLength?: number | undefined;
  /** Milliseconds that what a test waits for may take. @default 5_000 */
  readonly within?: number | undefined;
  /** Makes a value of each event's data. Pass `String` for routes with `format: 'text'`. @default JSON, or else text */
  readonly parse?: ParseData<T> | undefined;
}

/**
 * What a client is doing: `connecting`, until the response is here and between two connections; `open`; `disconnected`, by
 * `disconnect()` or by the end of the stream with `reconnect: false`; `closed`, for good.
 */
export type SseClientState = 'connecting' | 'open' | 'disconnected' | 'closed';

/**
 * A client for tests that keeps the rules of `EventSource`: it comes back with `Last-Event-ID` after the time that the stream
 * has set, and stops for good at `204`, at any other status than 200, and at any other content type than an event stream's. It
 * connects when it is made. Whatever it waits for is bounded in time, and fails with what came instead.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * @example
 * ```ts
 * const client = new SseClient<Price>(`${url}/stocks`, { headers: { authorization } });
 * expect(await client.next()).toEqual({ event: 'price', data: { symbol: 'ACME', price: 1 }, id: expect.any(String) });
 * client.disconnect();
 * await publishThree();
 * await client.reconnect();
 * expect(await client.take(3)).toHaveLength(3);
 * await client.close();
 * ```
 */
export class SseClient<T = unknown> implements AsyncIterable<ReceivedEvent<T>> {
  private currentState: SseClientState = 'connecting';
  private currentId: string;
  private retryTime: number;
  private response: Response | undefined;
  private made = 0;
  private lastError: Error | undefined;
  private readonly kept: ReceivedEvents<ReceivedEvent<T>>;
  private readonly parse: ParseData<T>;
  /** Ends the connection, or the pause before the next one. */
  private connection = new AbortController();
  private running: Promise<void>;

  constructor(
    private readonly url: string | URL,
    private readonly options: SseClientOptions<T> = {},
  ) {
    this.currentId = options.lastEventId ?? '';
    this.retryTime = options.retry ?? 100;
    this.parse = options.parse ?? (parseJson as ParseData<T>);
    this.kept = new ReceivedEvents(options.maxEvents ?? 10_000, options.within ?? 5_000);
    this.running = this.run(this.connection.signal);
  }

  get state(): SseClientState {
    return this.currentState;
  }

  /** What the next connection is asked for with: the id of the last event, or of a frame without data after it. */
  get lastEventId(): string {
    return this.currentId;
  }

  /** Milliseconds before it comes back. */
  get retry(): number {
    return this.retryTime;
  }

  /** How many requests it has made. */
  get connections(): number {
    return this.made;
  }

  /** Status of the last response, a refusal included. */
  get status(): number | undefined {
    return this.error instanceof StreamRefusedError ? this.error.status : this.response?.status;
  }

  /** Headers of the last response. */
  get headers(): Headers | undefined {
    return this.error instanceof StreamRefusedError ? this.error.headers : this.response?.headers;
  }

  /** Why the last connection ended, where it did not simply end. */
  get error(): Error | undefined {
    return this.lastError;
  }

  /** The events so far, taken or not: the newest `maxEvents`. */
  get events(): readonly ReceivedEvent<T>[] {
    return this.kept.all;
  }

  /**
   * Takes the next event.
   *
   * @param within milliseconds that it may take. @default the option of that name
   * @throws Error when none comes in time, when none can come, or when it was dropped for `maxEvents`.
   */
  next(within?: number): Promise<ReceivedEvent<T>> {
    return this.kept.wait('an event', () => this.kept.take(), within);
  }

  /** Takes the next `count` events. @param within milliseconds for all of them. */
  async take(count: number, within?: number): Promise<ReceivedEvent<T>[]> {
    const taken: ReceivedEvent<T>[] = [];
    await this.kept.wait(
      () => `${count} events, ${taken.length} came`,
      () => {
        while (taken.length < count) {
          const event = this.kept.take();
          if (!event) {
            return undefined;
          }
          taken.push(event);
        }
        return true;
      },
      within,
    );
    return taken;
  }

  /**
   * Takes events up to one that satisfies the condition, and returns that one.
   *
   * @param within milliseconds that it may take. @default the option of that name
   */
  until(condition: (event: ReceivedEvent<T>) => boolean, within?: number): Promise<ReceivedEvent<T>> {
    return this.kept.wait(
      'an event that satisfies the condition',
      () => {
        let event = this.kept.take();
        while (event && !condition(event)) {
          event = this.kept.take();
        }
        return event;
      },
      within,
    );
  }

  /** Waits until the connection is open. @throws Error when it is not in time, or is refused. */
  async opened(within?: number): Promise<this> {
    return this.kept.wait(
      () => `an open connection, it is ${this.currentState}`,
      () => (this.currentState === 'open' ? this : undefined),
      within,
    );
  }

  /** Waits until the client has stopped for good: after `204`, or after another refusal, which `error` tells. */
  async closed(within?: number): Promise<this> {
    return this.kept.wait(
      () => `the end for good, it is ${this.currentState}`,
      () => (this.currentState === 'closed' ? this : undefined),
      within,
    );
  }

  /** Cuts the connection, without a word to the server, and stays away until `reconnect()`. */
  disconnect(): void {
    if (this.currentState !== 'closed') {
      this.currentState = 'disconnected';
      this.connection.abort();
    }
  }

  /**
   * Connects now, with `Last-Event-ID`: after `disconnect()`, or instead of waiting for the time to come back. Cuts the
   * connection first where there is one. Resolves when it is open.
   */
  async reconnect(within?: number): Promise<this> {
    if (this.currentState === 'closed') {
      throw new Error('The client is closed for good', { cause: this.lastError });
    }
    this.disconnect();
    await this.running;
    this.currentState = 'connecting';
    this.connection = new AbortController();
    this.running = this.run(this.connection.signal);
    return this.opened(within);
  }

  /** Cuts the connection for good. Resolves when nothing is left of it. */
  async close(): Promise<void> {
    this.finish();
    this.connection.abort();
    await this.running;
  }

  /** Takes events until the client is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedEvent<T>, undefined> {
    for (;;) {
      const event = await this.kept.wait(
        'an event',
        () => this.kept.take() ?? (this.currentState === 'closed' ? null : undefined),
        Infinity,
      );
      if (event === null) {
        if (this.lastError && !(this.lastError instanceof StreamRefusedError && this.lastError.isOver)) {
          throw this.lastError;
        }
        return;
      }
      yield event;
    }
  }

  private async run(signal: AbortSignal): Promise<void> {
    do {
      this.currentState = 'connecting';
      this.lastError = undefined;
      const error = await this.connect(signal).catch((reason: Error) => reason);
      if (signal.aborted) {
        return;
      }
      this.lastError = error ?? undefined;
      if (error instanceof StreamRefusedError || error instanceof EventTooLongError) {
        this.finish(error);
        return;
      }
      if (this.options.reconnect === false) {
        this.currentState = 'disconnected';
        this.kept.look();
        return;
      }
      this.currentState = 'connecting';
      this.kept.look();
      // A pause that is cut short rejects.
      await sleep(Math.min(this.retryTime, LONGEST_TIMER), undefined, { signal }).catch(() => undefined);
    } while (!signal.aborted);
  }

  /** One connection, to its end. */
  private async connect(signal: AbortSignal): Promise<void> {
    this.made++;
    const { maxEventLength } = this.options;
    this.response = await requestStream(this.url, this.options, this.currentId, signal);
    const parser = new EventStreamParser(this.currentId, maxEventLength);
    const chunks = chunksOfBody(this.response.body!);
    this.currentState = 'open';
    this.kept.look();
    try {
      for (let chunk = await chunks.next(); chunk; chunk = await chunks.next()) {
        if (signal.aborted) {
          return;
        }
        for (const event of parser.push(chunk)) {
          this.kept.add(received(event, this.parse));
        }
        this.currentId = parser.lastEventId;
        this.retryTime = parser.retry ?? this.retryTime;
        this.kept.look();
      }
    } finally {
      chunks.close();
    }
  }

  private finish(error?: Error): void {
    this.currentState = 'closed';
    this.kept.end(error ?? new Error('The client was closed'));
  }
}
