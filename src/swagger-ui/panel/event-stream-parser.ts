/** One event as it came. */
export interface ParsedEvent {
  /** `message` where the stream gives no name. */
  readonly name: string;
  /** The id that a reconnect after this event would send; `''` for none. */
  readonly id: string;
  /** Whether the event gave that id itself; without one, the id of an earlier event holds. */
  readonly hasId: boolean;
  /** The data, or its beginning where it is longer than what is kept of one event. */
  readonly data: string;
  /** The length of the whole data. */
  readonly length: number;
}

/** How much of one event's data is kept, in characters. */
export const KEPT_DATA = 10_000;

/** Names and ids longer than this are not taken from a stream. */
const LONGEST_LINE = KEPT_DATA + 100;

/**
 * Reads an event stream that comes in chunks cut anywhere. Its memory is bounded, however long a line or an event is.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class EventStreamParser {
  /** The reconnection time, once the stream has set it. */
  retry: number | undefined;

  // Takes a byte order mark off the beginning.
  private readonly decoder = new TextDecoder();
  private afterCarriageReturn = false;
  private line = '';
  private lineLength = 0;
  private data: string | undefined;
  private dataLength = 0;
  private name = '';
  private hasId = false;
  /** Whether an empty line would end anything. */
  private hasField = false;
  private idBuffer: string;

  /** @param lastEventId of the connection before, which holds until the stream gives another one. */
  constructor(public lastEventId = '') {
    this.idBuffer = lastEventId;
  }

  /** Takes the next bytes, and gives the events that they complete. */
  push(chunk: Uint8Array): ParsedEvent[] {
    const events: ParsedEvent[] = [];
    const text = this.decoder.decode(chunk, { stream: true });
    if (text === '') {
      return events;
    }
    let start = this.afterCarriageReturn && text[0] === '\n' ? 1 : 0;
    this.afterCarriageReturn = text.endsWith('\r');
    let feed = text.indexOf('\n', start);
    let carriage = text.indexOf('\r', start);
    while (feed >= 0 || carriage >= 0) {
      const end = feed < 0 || (carriage >= 0 && carriage < feed) ? carriage : feed;
      const isEmpty = end === start && this.lineLength === 0;
      if (!isEmpty) {
        this.extendLine(text, start, end);
      }
      start = end + (end === carriage && feed === end + 1 ? 2 : 1);
      feed = feed >= 0 && feed < start ? text.indexOf('\n', start) : feed;
      carriage = end === carriage ? text.indexOf('\r', start) : carriage;
      // Nothing but line breaks may come, megabytes of them.
      const event = isEmpty && !this.hasField ? undefined : this.endLine();
      if (event) {
        events.push(event);
      }
    }
    this.extendLine(text, start, text.length);
    return events;
  }

  private extendLine(text: string, start: number, end: number): void {
    this.line += text.slice(start, Math.min(end, start + LONGEST_LINE - this.line.length));
    this.lineLength += end - start;
  }

  private endLine(): ParsedEvent | undefined {
    const { line, lineLength } = this;
    this.line = '';
    this.lineLength = 0;
    if (line === '') {
      return this.dispatch();
    }
    this.hasField = true;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const valueStart = colon < 0 ? line.length : colon + (line[colon + 1] === ' ' ? 2 : 1);
    this.takeField(field, line.slice(valueStart), lineLength - valueStart);
    return undefined;
  }

  private takeField(field: string, value: string, length: number): void {
    const isWhole = value.length === length;
    if (field === 'data') {
      this.extendData(value, length);
    } else if (field === 'event' && isWhole) {
      this.name = value;
    } else if (field === 'id' && isWhole && !value.includes('\0')) {
      this.idBuffer = value;
      this.hasId = true;
    } else if (field === 'retry' && /^[0-9]+$/.test(value)) {
      this.retry = Number(value);
    }
  }

  private extendData(value: string, length: number): void {
    this.dataLength += (this.data === undefined ? 0 : 1) + length;
    if (this.data === undefined) {
      this.data = value.slice(0, KEPT_DATA);
    } else if (this.data.length < KEPT_DATA) {
      this.data = `${this.data}\n${value}`.slice(0, KEPT_DATA);
    }
  }

  private dispatch(): ParsedEvent | undefined {
    const { data, dataLength, name, hasId } = this;
    this.data = undefined;
    this.dataLength = 0;
    this.name = '';
    this.hasId = false;
    this.hasField = false;
    this.lastEventId = this.idBuffer;
    return data === undefined
      ? undefined
      : { name: name || 'message', id: this.lastEventId, hasId, data, length: dataLength };
  }
}
