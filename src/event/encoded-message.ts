import type { SseMessage } from './sse-event';

/**
 * A message whose frame has been made already, for many connections to write. Frozen: whoever wants another event makes
 * another message, which has no frame then.
 */
export class EncodedMessage<T = unknown> implements SseMessage<T> {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: T;
  // Private, so that a copy by spreading does not take it along.
  readonly #frame: string;

  constructor(
    frame: string,
    fields: { readonly event?: string | undefined; readonly id?: string | undefined; readonly data: T },
  ) {
    this.#frame = frame;
    this.event = fields.event;
    this.id = fields.id;
    this.data = fields.data;
    Object.freeze(this);
  }

  /** The frame of a message that has one. */
  static frameOf(message: SseMessage): string | undefined {
    // The prototype first: to look for a private field in what has none is slow.
    return message instanceof EncodedMessage && #frame in message ? message.#frame : undefined;
  }
}
