/** Frames that many clients get: written as text once, turned into bytes once. */
export class SharedFrames {
  private encoded: Buffer | undefined;

  constructor(
    readonly text: string,
    /** How many events they are. */
    readonly events: number,
  ) {}

  /** The bytes, the same for every client. */
  get bytes(): Buffer {
    return (this.encoded ??= Buffer.from(this.text));
  }
}
