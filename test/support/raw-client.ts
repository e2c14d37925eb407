import { connect, type Socket } from 'node:net';
import { until } from './until';

/** What a raw client may say in its request. */
export interface RawRequestOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Of HTTP. @default '1.1' */
  version?: string;
  /** Does not read the response; the server's writes fill the buffers. */
  paused?: boolean;
}

/**
 * A client on a bare socket: sees every byte as it was sent, may stop reading, and may leave as rudely as it likes.
 */
export class RawClient {
  /** The last bytes that came, for a look that costs nothing however much there is. */
  tail = '';
  /** Whether the server ended the connection. */
  ended = false;
  readonly socket: Socket;
  private parts: string[] = [];

  constructor(port: number, path: string, options: RawRequestOptions = {}) {
    const { method = 'GET', headers = {}, body = '', version = '1.1', paused = false } = options;
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.setNoDelay(true);
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.ended = true;
    });
    if (!paused) {
      this.resume();
    }
    const length = body ? { 'Content-Length': String(Buffer.byteLength(body)) } : {};
    const lines = Object.entries({ Host: 'localhost', Accept: 'text/event-stream', ...length, ...headers });
    this.socket.write(
      `${method} ${path} HTTP/${version}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
    );
  }

  /** Begins to read. */
  resume(): void {
    this.socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      this.parts.push(text);
      this.tail = (this.tail + text).slice(-64);
    });
  }

  /** What came so far, head and body, as Latin-1: one character a byte. */
  get received(): string {
    this.parts = [this.parts.join('')];
    return this.parts[0]!;
  }

  /** Forgets what came so far: what comes next is another response. */
  forget(): void {
    this.parts = [];
    this.tail = '';
  }

  /** The status line and the headers, or `''` while they are not here. */
  get head(): string {
    const end = this.received.indexOf('\r\n\r\n');
    return end < 0 ? '' : this.received.slice(0, end);
  }

  get status(): number {
    return Number(this.head.split(' ')[1]);
  }

  /** Values of a header, one for each time it was sent. */
  header(name: string): string[] {
    return this.head
      .split('\r\n')
      .slice(1)
      .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      .map((line) => line.slice(name.length + 1).trim());
  }

  /** The body so far, without the chunks' lengths, as UTF-8. */
  get body(): string {
    const head = this.head;
    if (head === '') {
      return '';
    }
    let rest = this.received.slice(head.length + 4);
    if (!/^transfer-encoding: chunked/im.test(head)) {
      return Buffer.from(rest, 'latin1').toString('utf8');
    }
    let body = '';
    for (;;) {
      const line = rest.indexOf('\r\n');
      const size = line < 0 ? 0 : parseInt(rest.slice(0, line), 16);
      if (!size) {
        return Buffer.from(body, 'latin1').toString('utf8');
      }
      body += rest.slice(line + 2, line + 2 + size);
      rest = rest.slice(line + 4 + size);
    }
  }

  /** Waits until the body satisfies the condition. */
  async untilBody(condition: (body: string) => boolean, limit?: number): Promise<string> {
    await until(
      () => condition(this.body),
      limit,
      () => `body so far: ${JSON.stringify(this.body.slice(-500))}, head: ${this.head}`,
    );
    return this.body;
  }

  /** Leaves by closing its side (FIN). */
  leave(): void {
    this.socket.end();
    this.socket.destroy();
  }

  /** Leaves by a reset (RST). */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}
