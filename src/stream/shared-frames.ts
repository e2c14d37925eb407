/** Frames that many clients get: written as text once, turned into bytes once. */
export class SharedFrames {
  /** `performance.now()` of the turn in which they are written. */
  readonly at = performance.now();
  private encoded: Buffer | undefined;
  private framed: Buffer | undefined;

  constructor(
    readonly text: string,
    /** How many events they are. */
    readonly events: number,
  ) {}

  /** The bytes, the same for every client. */
  get bytes(): Buffer {
    return (this.encoded ??= Buffer.from(this.text));
  }

  /**
   * The bytes as one chunk of HTTP/1.1's chunked coding.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9112#section-7.1
   */
  get chunk(): Buffer {
    const { bytes } = this;
    return (this.framed ??= Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF]));
  }
}

const CRLF = Buffer.from('\r\n');
