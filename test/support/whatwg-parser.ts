/** What a client dispatches to its listeners. */
export interface DispatchedEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

/**
 * Reads an event stream by the letter of the specification, one step of it after the other, as a browser does: bytes in,
 * dispatched events out.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class WhatwgParser {
  /** What was dispatched so far. */
  readonly events: DispatchedEvent[] = [];
  /** What the next request would carry as `Last-Event-ID`. */
  lastEventId = '';
  /** The reconnection time, once the stream has set it. */
  reconnectionTime: number | undefined;

  // The byte order mark is dealt with here, so that where it is taken off does not depend on how the decoder sees chunks.
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private atStart = true;
  private afterCarriageReturn = false;
  private line = '';
  private dataBuffer = '';
  private eventTypeBuffer = '';
  private lastEventIdBuffer = '';

  /** Takes the next bytes, cut anywhere. */
  feed(chunk: Uint8Array): void {
    for (const character of this.decoder.decode(chunk, { stream: true })) {
      this.take(character);
    }
  }

  private take(character: string): void {
    const isByteOrderMark = this.atStart && character === '\uFEFF';
    this.atStart = false;
    if (isByteOrderMark) {
      return;
    }
    const endsCrLf = this.afterCarriageReturn && character === '\n';
    this.afterCarriageReturn = character === '\r';
    if (endsCrLf) {
      return;
    }
    if (character === '\r' || character === '\n') {
      const line = this.line;
      this.line = '';
      this.processLine(line);
    } else {
      this.line += character;
    }
  }

  private processLine(line: string): void {
    if (line === '') {
      this.dispatch();
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) {
      return;
    }
    if (colon < 0) {
      this.processField(line, '');
      return;
    }
    const value = line.slice(colon + 1);
    this.processField(line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value);
  }

  private processField(field: string, value: string): void {
    switch (field) {
      case 'event':
        this.eventTypeBuffer = value;
        break;
      case 'data':
        this.dataBuffer += `${value}\n`;
        break;
      case 'id':
        if (!value.includes('\0')) {
          this.lastEventIdBuffer = value;
        }
        break;
      case 'retry':
        if (/^[0-9]+$/.test(value)) {
          this.reconnectionTime = parseInt(value, 10);
        }
        break;
      default:
    }
  }

  private dispatch(): void {
    this.lastEventId = this.lastEventIdBuffer;
    const data = this.dataBuffer;
    const type = this.eventTypeBuffer;
    this.dataBuffer = '';
    this.eventTypeBuffer = '';
    if (data !== '') {
      this.events.push({ type: type || 'message', data: data.slice(0, -1), lastEventId: this.lastEventId });
    }
  }
}

/** Reads a whole body with `WhatwgParser`, in chunks of the given sizes, which begin anew when they are used up. */
export function readAsBrowser(body: string | Uint8Array, chunkSizes: readonly number[] = [1]): WhatwgParser {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  const parser = new WhatwgParser();
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const size = chunkSizes[turn % chunkSizes.length]!;
    parser.feed(bytes.subarray(start, start + size));
    start += size;
  }
  return parser;
}
