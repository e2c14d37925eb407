import type { EncodedEvent } from '../event/encoded-event';
import { SharedFrames } from '../stream/shared-frames';
import type { Position } from './backplane';
import { decodePayload, frameOfPayload, isPayload } from './payload';

/** An event as it came from the backplane, for all subscribers of this process. */
export class TopicEvent {
  readonly frame: string;
  private checked: boolean | undefined;
  private size: number | undefined;
  private decoded: EncodedEvent<unknown, 'event'> | undefined;

  constructor(
    readonly position: Position,
    readonly payload: string,
  ) {
    this.frame = frameOfPayload(position, payload);
  }

  /** Whether it is an event; other programs may have written something else to the engine. */
  get isWellFormed(): boolean {
    return (this.checked ??= isPayload(this.payload));
  }

  /** Bytes of the frame. */
  get bytes(): number {
    return (this.size ??= Buffer.byteLength(this.frame));
  }

  /** The event for those who look into it, read back once for all of them. */
  get published(): EncodedEvent<unknown, 'event'> {
    return (this.decoded ??= decodePayload(this.position, this.payload));
  }
}

/** The events of one topic in one turn of the event loop. */
export class TurnEvents {
  private shared: SharedFrames | undefined;

  constructor(readonly events: readonly TopicEvent[]) {}

  /** The position that is reached with them. */
  get last(): Position {
    return this.events.at(-1)!.position;
  }

  /** Their frames, made once for all subscribers that get all of them. */
  get frames(): SharedFrames {
    return (this.shared ??= new SharedFrames(this.events.map(({ frame }) => frame).join(''), this.events.length));
  }
}
