import { EventLog } from './event-log';
import { EventStreamParser, type ParsedEvent } from './event-stream-parser';
import { explainResponse, isEventStream } from './stream-response';
import { describeDelay, reconnectDelay } from './reconnect-delay';
import { withLastEventId, type Fetch, type FetchRequest } from './stream-request';
import { throttled } from './throttled';
import { Turns } from './turns';

export type StreamState = 'connecting' | 'open' | 'reconnecting' | 'stopped' | 'ended' | 'error';

/** The id of the event that ends a stream, whatever its name is: the server answers a request with it with `204`. */
export const END_ID = '~end';

/** The event that tells of an error which ends the stream. */
export const ERROR_EVENT = 'stream-error';

/** Milliseconds between two renderings at least. */
const RENDER_INTERVAL = 50;

/** How many bytes are read before the time is looked at. */
const SLICE = 16 * 1024;

/** Milliseconds that a server has to close a connection after the end. */
const CLOSING_TIME = 1_000;

/**
 * One stream that was opened with "Execute": reads it, reconnects as `EventSource` does, and can be stopped and resumed by
 * hand.
 */
export class LiveStream {
  state: StreamState = 'connecting';
  /** Why it is in its state, where that needs words. */
  note = '';
  readonly log = new EventLog();

  /** The connection in use; what comes from an older one is ignored. */
  private connection = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastEventId = '';
  private retry: number | undefined;
  /** Connections in a row that brought nothing. */
  private failures = 0;
  /** Whether the last event of the connection told of an error. */
  private hasFailed = false;
  private readonly listeners = new Set<() => void>();
  private readonly changed = throttled(() => this.listeners.forEach((listener) => listener()), RENDER_INTERVAL);

  /** @param admit is called before the stream is opened again. */
  constructor(
    private readonly fetch: Fetch,
    private readonly request: FetchRequest,
    private readonly admit: (stream: LiveStream) => void,
  ) {}

  get isRunning(): boolean {
    return this.state === 'connecting' || this.state === 'open' || this.state === 'reconnecting';
  }

  /** Whether the stream can be opened again where it stopped. */
  get canResume(): boolean {
    return this.state === 'stopped' || this.state === 'error';
  }

  /** What "Resume" sends as `Last-Event-ID`, where there is an id. */
  get resumesAfter(): string {
    return this.lastEventId;
  }

  /** Calls the listener after changes, at most every 50 ms, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  /** Reads the response of the first request. */
  start(response: Response, connection: AbortController): void {
    this.connection = connection;
    void this.read(response, connection);
  }

  stop(note = ''): void {
    if (this.isRunning) {
      clearTimeout(this.timer);
      this.set('stopped', note);
      this.connection.abort();
    }
  }

  resume(): void {
    if (this.canResume) {
      this.admit(this);
      this.failures = 0;
      this.set('connecting');
      void this.connect();
    }
  }

  clear(): void {
    this.log.clear();
    this.changed();
  }

  showOnly(name: string): void {
    this.log.show(name);
    this.changed();
  }

  private async connect(): Promise<void> {
    const connection = new AbortController();
    this.connection = connection;
    try {
      const { url, ...init } = withLastEventId(this.request, this.lastEventId);
      const response = await this.fetch(url, { ...init, cache: 'no-store', signal: connection.signal });
      if (connection.signal.aborted) {
        await response.body?.cancel();
      } else if (isEventStream(response)) {
        await this.read(response, connection);
      } else {
        const { state, note } = await explainResponse(response);
        if (!connection.signal.aborted) {
          this.set(state, note);
        }
      }
    } catch (error) {
      this.lose(connection, error);
    }
  }

  private async read(response: Response, connection: AbortController): Promise<void> {
    this.set('open');
    this.hasFailed = false;
    this.log.restartRate(Date.now());
    const parser = new EventStreamParser(this.lastEventId);
    const reader = response.body!.getReader();
    // A fetch that the user put in place may not know the signal.
    connection.signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined));
    const turns = new Turns();
    try {
      for (let part = await reader.read(); !part.done && !connection.signal.aborted; part = await reader.read()) {
        await this.takeInTurns(parser, part.value, turns, connection.signal);
      }
      this.lose(connection);
    } catch (error) {
      this.lose(connection, error);
    }
  }

  /** A chunk of megabytes, or many that are there already, would stop the page until all of it is read. */
  private async takeInTurns(
    parser: EventStreamParser,
    chunk: Uint8Array,
    turns: Turns,
    signal: AbortSignal,
  ): Promise<void> {
    for (let start = 0; start < chunk.length; start += SLICE) {
      if (turns.isOver) {
        await turns.next();
      }
      if (signal.aborted || this.state === 'ended') {
        return;
      }
      this.take(parser, chunk.subarray(start, start + SLICE));
    }
  }

  private take(parser: EventStreamParser, chunk: Uint8Array): void {
    for (const event of parser.push(chunk)) {
      if (event.hasId && event.id === END_ID) {
        this.end(event);
        break;
      }
      this.log.add(event, Date.now());
      this.hasFailed = event.name === ERROR_EVENT;
      this.failures = this.hasFailed ? this.failures : 0;
    }
    this.lastEventId = parser.lastEventId;
    this.retry = parser.retry ?? this.retry;
    this.changed();
  }

  /** The server said that this is all. What comes after it is nobody's. */
  private end(event: ParsedEvent | undefined): void {
    this.log.end(event, Date.now());
    this.set('ended', this.hasFailed ? 'The stream has ended with an error.' : 'The stream has ended.');
    const { connection } = this;
    this.timer = setTimeout(() => connection.abort(), CLOSING_TIME);
  }

  /** A connection is gone that nobody stopped. */
  private lose(connection: AbortController, error?: unknown): void {
    if (this.state === 'ended') {
      clearTimeout(this.timer);
      return;
    }
    if (connection.signal.aborted) {
      return;
    }
    if (this.lastEventId === END_ID) {
      this.end(undefined);
      clearTimeout(this.timer);
      return;
    }
    const reason = this.hasFailed
      ? 'The stream ended with an error'
      : error === undefined
        ? 'The server closed the connection'
        : 'The connection was lost';
    if (!isSafe(this.request.method)) {
      // EventSource sends GET only. Nobody asked to do again what a POST does.
      this.set(error === undefined && !this.hasFailed ? 'ended' : 'error', `${reason}.`);
      return;
    }
    const delay = reconnectDelay(this.retry, this.failures++);
    this.set('reconnecting', `${reason}; trying again ${describeDelay(delay)}.`);
    this.timer = setTimeout(() => void this.connect(), delay);
  }

  private set(state: StreamState, note = ''): void {
    this.state = state;
    this.note = note;
    this.changed();
  }
}

function isSafe(method = 'GET'): boolean {
  return /^(get|query)$/i.test(method);
}
