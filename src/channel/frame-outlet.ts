import type { Demand } from '../stream/demand';
import type { FrameSink } from '../stream/frame-source';
import type { ChannelWord } from './channel-event';
import type { Outlet } from './subscriber';
import type { TopicEvent, TurnEvents } from './topic-event';

/** To one client, frame by frame, past the pipeline. What it does not read is bounded by its stream. */
export class FrameOutlet implements Outlet {
  readonly isFull = false;

  constructor(readonly sink: FrameSink) {}

  get demand(): Pick<Demand, 'isOpen' | 'whenOpen'> {
    return this.sink.demand;
  }

  event(event: TopicEvent): void {
    this.sink.write(event.frame);
  }

  turn(turn: TurnEvents): void {
    this.sink.writeShared(turn.frames);
  }

  word(word: ChannelWord): void {
    this.sink.write(word.frame);
  }

  fail(error: unknown): void {
    this.sink.fail(error);
  }
}
