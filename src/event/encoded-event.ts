import { EncodedMessage } from './encoded-message';
import { SseEnvelopeBase } from './sse-event';

/** What an event of a channel is: data that somebody published, or a word of the channel itself. */
export type EncodedEventKind = 'event' | 'start' | 'gap';

/** An envelope that is validated, encoded and frozen already: it passes through a stream as it is. */
export class EncodedEvent<T = unknown, K extends EncodedEventKind = EncodedEventKind> extends SseEnvelopeBase<T> {
  // Private and a getter: `{ ...event, data }` is an envelope of its own, with the envelope's keys alone.
  declare readonly id: string;
  readonly #kind: K;
  readonly #message: EncodedMessage<T>;

  constructor(
    kind: K,
    frame: string,
    fields: { readonly event?: string | undefined; readonly id: string; readonly data: T },
  ) {
    super();
    const { event, id, data } = fields;
    Object.assign(this, { event, id, data });
    this.#kind = kind;
    this.#message = new EncodedMessage(frame, { event, id, data });
    Object.freeze(this);
  }

  get kind(): K {
    return this.#kind;
  }

  /** The message of an envelope that is encoded already. */
  static messageOf(envelope: object): EncodedMessage | undefined {
    // The prototype first: to look for a private field in what has none is slow.
    return envelope instanceof EncodedEvent && #message in envelope ? envelope.#message : undefined;
  }
}
