import { connect, type Socket } from 'node:net';
import { until } from './until';

/** An event as it came. */
export interface ReceivedEvent {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** What a channel's client may say. */
export interface ChannelClientOptions {
  readonly lastEventId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  /** Does not read until `resume()`. */
  readonly paused?: boolean;
}

/**
 * A client on a bare socket that reads a channel's stream as it comes: the HTTP chunks one by one, which are the server's
 * writes, and the frames in them. It costs the same for each byte however long the stream is.
 */
export class ChannelClient {
  /** The status line and the headers. */
  head = '';
  /** The body, one string for each chunk. */
  readonly chunks: string[] = [];
  /** The frames, each with the empty line at its end, comments as well. */
  readonly frames: string[] = [];
  readonly events: ReceivedEvent[] = [];
  /** What a browser would send as `Last-Event-ID`. */
  lastEventId: string | undefined;
  /** Bytes of the body. */
  bytes = 0;
  /** Whether the connection is over. */
  isOver = false;
  /** Whether the response came to its end, with its last chunk. */
  isComplete = false;
  readonly socket: Socket;
  private rest: Buffer = Buffer.alloc(0);
  private text = '';

  constructor(port: number, path: string, options: ChannelClientOptions = {}) {
    const { lastEventId, headers = {}, method = 'GET', paused = false } = options;
    this.lastEventId = lastEventId;
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isOver = true;
    });
    if (!paused) {
      this.resume();
    }
    const all = {
      Host: 'localhost',
      Accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket.write(Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'));
  }

  /** Begins to read. */
  resume(): void {
    this.socket.on('data', (bytes: Buffer) => this.take(bytes));
    this.socket.resume();
  }

  /** The body as text. */
  get body(): string {
    return this.chunks.join('');
  }

  get status(): number {
    return Number(this.head.split(' ')[1]);
  }

  /** The data of the published events, in order. */
  get data(): unknown[] {
    return this.events.filter(({ event }) => event !== 'start' && event !== 'gap').map(({ data }) => data);
  }

  /** The names of all events, in order. */
  get names(): (string | undefined)[] {
    return this.events.map(({ event }) => event);
  }

  /** The data of the gaps. */
  get gaps(): unknown[] {
    return this.events.filter(({ event }) => event === 'gap').map(({ data }) => data);
  }

  /** Waits until so many events have come, the channel's own words as well. */
  async untilEvents(count: number, limit?: number): Promise<ReceivedEvent[]> {
    await this.until(() => this.events.length >= count, limit);
    return this.events;
  }

  async until(condition: () => boolean, limit?: number): Promise<void> {
    await until(
      condition,
      limit,
      () => `${this.events.length} events, the last frames ${JSON.stringify(this.frames.slice(-5))}, head ${this.head}`,
    );
  }

  leave(): void {
    this.socket.destroy();
  }

  private take(bytes: Buffer): void {
    this.rest = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    if (this.head === '') {
      const end = this.rest.indexOf('\r\n\r\n');
      if (end < 0) {
        return;
      }
      this.head = this.rest.toString('latin1', 0, end);
      this.rest = this.rest.subarray(end + 4);
    }
    if (!/^transfer-encoding: chunked/im.test(this.head)) {
      this.chunk(this.rest);
      this.rest = Buffer.alloc(0);
      return;
    }
    for (;;) {
      const line = this.rest.indexOf('\r\n');
      const size = line < 0 ? -1 : parseInt(this.rest.toString('latin1', 0, line), 16);
      if (size < 0 || this.rest.length < line + 4 + size) {
        return;
      }
      if (size === 0) {
        this.isComplete = true;
        return;
      }
      this.chunk(this.rest.subarray(line + 2, line + 2 + size));
      this.rest = this.rest.subarray(line + 4 + size);
    }
  }

  private chunk(bytes: Buffer): void {
    const text = bytes.toString();
    this.bytes += bytes.length;
    this.chunks.push(text);
    this.text += text;
    for (let end = this.text.indexOf('\n\n'); end >= 0; end = this.text.indexOf('\n\n')) {
      this.frame(this.text.slice(0, end + 2));
      this.text = this.text.slice(end + 2);
    }
  }

  private frame(frame: string): void {
    this.frames.push(frame);
    const field = (name: string): string | undefined =>
      frame
        .split('\n')
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2);
    const data = field('data');
    this.lastEventId = field('id') ?? this.lastEventId;
    if (data !== undefined) {
      this.events.push({ event: field('event'), id: field('id'), data: JSON.parse(data) as unknown });
    }
  }
}
