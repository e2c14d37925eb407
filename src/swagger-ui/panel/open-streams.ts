import { LiveStream } from './live-stream';
import { isEventStream } from './stream-response';
import { asksForEventStream, type Fetch, type FetchRequest } from './stream-request';

/** A request that has not been answered. */
interface Pending {
  readonly connection: AbortController;
  readonly asksForEventStream: boolean;
  isStopped: boolean;
}

/** The streams of the page, at most one for each operation, and never more open ones than are allowed. */
export class OpenStreams {
  /** By the text that stands in the place of the response's body. */
  private readonly streams = new Map<string, { readonly operation: string; readonly stream: LiveStream }>();
  private readonly pending = new Map<string, Pending>();
  private number = 0;

  constructor(private readonly most: number) {}

  /** The stream that a response body stands for. */
  of(body: unknown): LiveStream | undefined {
    return typeof body === 'string' ? this.streams.get(body)?.stream : undefined;
  }

  /** Ends what an operation has open, and does not let open what it has asked for. */
  stop(operation: string): void {
    const pending = this.pending.get(operation);
    if (pending) {
      pending.isStopped = true;
      if (pending.asksForEventStream) {
        pending.connection.abort(stoppedEarly());
      }
    }
    this.entriesOf(operation).forEach(([, { stream }]) => stream.stop());
  }

  stopAll(): void {
    [...this.streams.values()].forEach(({ stream }) => stream.stop());
  }

  /** Forgets the streams of an operation but the one whose response is shown now. */
  keepOnly(operation: string, body?: unknown): void {
    for (const [text, { stream }] of this.entriesOf(operation)) {
      if (text !== body) {
        stream.stop();
        this.streams.delete(text);
      }
    }
  }

  /**
   * Fetches for an operation. The response comes back as it is, unless it is an event stream: that is read here, and a
   * response comes back that is complete.
   */
  async fetch(operation: string, fetch: Fetch, request: FetchRequest): Promise<Response> {
    const connection = new AbortController();
    const abort = (): void => connection.abort(request.signal?.reason);
    request.signal?.addEventListener('abort', abort);
    const pending = { connection, asksForEventStream: asksForEventStream(request), isStopped: false };
    this.pending.set(operation, pending);
    let response: Response;
    try {
      response = await fetch(request.url, { ...request, signal: connection.signal });
    } finally {
      if (this.pending.get(operation) === pending) {
        this.pending.delete(operation);
      }
    }
    if (!isEventStream(response)) {
      return response;
    }
    if (pending.isStopped) {
      connection.abort();
      throw stoppedEarly();
    }
    return this.open(operation, new LiveStream(fetch, request, this.makeRoom), response, connection);
  }

  private open(operation: string, stream: LiveStream, response: Response, connection: AbortController): Response {
    this.makeRoom();
    const { status, statusText, headers, url } = response;
    const text = `Event stream ${++this.number} of this page`;
    this.streams.set(text, { operation, stream });
    stream.start(response, connection);
    return Object.defineProperty(new Response(text, { status, statusText, headers }), 'url', { value: url });
  }

  /** Stops the oldest streams until one more may be open. */
  private readonly makeRoom = (): void => {
    const running = [...this.streams.values()].filter(({ stream }) => stream.isRunning);
    for (const { stream } of running.slice(0, Math.max(0, running.length + 1 - this.most))) {
      stream.stop('Stopped, because another stream was opened.');
    }
  };

  private entriesOf(operation: string): [string, { readonly operation: string; readonly stream: LiveStream }][] {
    return [...this.streams].filter(([, entry]) => entry.operation === operation);
  }
}

function stoppedEarly(): DOMException {
  return new DOMException('The stream was stopped before it opened.', 'AbortError');
}
