/** One event, as a browser dispatches it. */
export interface ParsedEvent {
  /** `message` where the stream gives no name. */
  readonly event: string;
  readonly data: string;
  /** The last event id at this event: its own, or that of an event before. */
  readonly id: string;
}

/** Most characters of one event, when nothing else is said. */
export const MAX_EVENT_LENGTH = 67_108_864;

/** An event is longer than a reader was told to take. */
export class EventTooLongError extends Error {
  override readonly name = 'EventTooLongError';
}

/**
 * Reads an event stream that comes in chunks cut anywhere.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class EventStreamParser {
  /** The reconnection time, once the stream has set it. */
  retry: number | undefined;

  // Takes a byte order mark off the beginning.
  private readonly decoder = new TextDecoder();
  private readonly lineEnd = /\r\n|\r|\n/g;
  private afterCarriageReturn = false;
  /** Pieces of the line that has not ended yet: joined once, however many chunks it comes in. */
  private line: string[] = [];
  private data: string[] = [];
  private length = 0;
  private event = '';
  private idBuffer: string;

  /**
   * @param lastEventId of the connection before, which holds until the stream gives another one, as in browsers.
   * @param maxLength most characters of one event; the buffer for one that does not end would grow without bound.
   */
  constructor(
    public lastEventId = '',
    private readonly maxLength = MAX_EVENT_LENGTH,
  ) {
    this.idBuffer = lastEventId;
  }

  /** Takes the next bytes, and gives the events that they complete, to whoever reads on. @throws EventTooLongError for an event longer than the bound. */
  *push(chunk: Uint8Array): Generator<ParsedEvent, undefined> {
    const text = this.decoder.decode(chunk, { stream: true });
    if (text === '') {
      return;
    }
    let start = this.afterCarriageReturn && text[0] === '\n' ? 1 : 0;
    this.afterCarriageReturn = text.endsWith('\r');
    this.lineEnd.lastIndex = start;
    for (let end = this.lineEnd.exec(text); end; end = this.lineEnd.exec(text)) {
      this.extend(text.slice(start, end.index));
      start = this.lineEnd.lastIndex;
      yield* this.endLine();
    }
    this.extend(text.slice(start));
  }

  private extend(piece: string): void {
    if (piece === '') {
      return;
    }
    this.line.push(piece);
    this.length += piece.length;
    if (this.length > this.maxLength) {
      throw new EventTooLongError(`An event of the stream is longer than ${this.maxLength} characters`);
    }
  }

  private *endLine(): Generator<ParsedEvent, undefined> {
    const line = this.line.join('');
    this.line = [];
    if (line === '') {
      yield* this.dispatch();
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (field === 'data') {
      this.data.push(value);
      return;
    }
    // Only data are kept until the blank line; comments may go on for ever.
    this.length -= line.length;
    if (field === 'event') {
      this.event = value;
    } else if (field === 'id' && !value.includes('\0')) {
      this.idBuffer = value;
    } else if (field === 'retry' && /^[0-9]+$/.test(value)) {
      this.retry = Number(value);
    }
  }

  private *dispatch(): Generator<ParsedEvent, undefined> {
    const { data, event } = this;
    this.data = [];
    this.event = '';
    this.length = 0;
    this.lastEventId = this.idBuffer;
    if (data.length > 0) {
      yield { event: event || 'message', data: data.join('\n'), id: this.lastEventId };
    }
  }
}
