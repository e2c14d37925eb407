import { Logger } from '@nestjs/common';
import { newCounters } from '../../src/channel/channel-counters';
import { MalformedEntries } from '../../src/channel/malformed-entries';
import type { TurnEvents } from '../../src/channel/topic-event';
import { TopicHub, type TopicSubscriber } from '../../src/channel/topic-hub';
import type { FrameSink } from '../../src/stream/frame-source';
import { nextTurn } from '../support/channel-app';
import { ScriptedBackplane } from '../support/scripted-backplane';

const broken = (): never => {
  throw new Error('of one subscriber');
};

/** A subscriber that notes what it gets, by a sink or by itself. */
class Noting implements TopicSubscriber {
  readonly isOver = false;
  readonly got: string[] = [];
  readonly failures: unknown[] = [];
  readonly sink: FrameSink | undefined;

  constructor(
    private readonly hub: TopicHub,
    options: { hasSink: boolean; isBroken?: boolean; cannotEnd?: boolean },
  ) {
    const { hasSink, isBroken = false, cannotEnd = false } = options;
    const take = (text: string): void => {
      this.got.push(text);
      if (isBroken) {
        broken();
      }
    };
    this.sink = hasSink
      ? ({ writeShared: (frames: { text: string }) => take(frames.text) } as unknown as FrameSink)
      : undefined;
    this.receive = (turn) => take(turn.frames.text);
    this.fail = (error) => {
      this.failures.push(error);
      if (cannotEnd) {
        broken();
      }
      this.hub.leave(this);
    };
  }

  readonly receive: (turn: TurnEvents) => void;
  readonly fail: (error: unknown) => void;
  gap(): void {
    broken();
  }
  onLive(): void {}
}

describe('TopicHub', () => {
  beforeEach(() => {
    Logger.overrideLogger(false);
  });

  const start = async () => {
    const backplane = new ScriptedBackplane();
    const hub = new TopicHub('news', {
      backplane,
      history: { maxEvents: 10, maxBytes: 10_000, maxAge: 1_000 },
      counters: newCounters(),
      malformed: new MalformedEntries('news', new Logger('SseChannel')),
      onIdle: () => undefined,
    });
    const first = new Noting(hub, { hasSink: true });
    hub.join(first);
    const [subscription] = backplane.subscriptions;
    subscription!.start('p.0');
    await nextTurn();
    hub.attach(first);
    return { hub, first, subscription: subscription! };
  };

  it.each([
    { hasSink: true, cannotEnd: false },
    { hasSink: true, cannotEnd: true },
    { hasSink: false, cannotEnd: false },
    { hasSink: false, cannotEnd: true },
  ])('ends a subscriber that throws, and gives all others what comes: %j', async (options) => {
    const { hub, first, subscription } = await start();
    const throwing = new Noting(hub, { ...options, isBroken: true });
    const others = [new Noting(hub, { hasSink: true }), new Noting(hub, { hasSink: false })];
    [throwing, ...others].forEach((subscriber) => hub.attach(subscriber));
    subscription.events(1);
    await nextTurn();
    subscription.events(2);
    await nextTurn();
    const frames = ['id: p.1\ndata: 1\n\n', 'id: p.2\ndata: 2\n\n'];
    for (const { got, failures } of [first, ...others]) {
      expect(got).toEqual(frames);
      expect(failures).toEqual([]);
    }
    expect(throwing.got).toEqual(frames.slice(0, 1));
    expect(throwing.failures).toEqual([expect.objectContaining({ message: 'of one subscriber' })]);
    expect(hub.subscribers).toBe(3);
    [first, ...others].forEach((subscriber) => hub.leave(subscriber));
  });

  it('ends each subscriber that throws at a gap, and none of them keeps the others from it', async () => {
    const { hub, first, subscription } = await start();
    const second = new Noting(hub, { hasSink: false, cannotEnd: true });
    hub.attach(second);
    subscription.gap('p.5');
    await nextTurn();
    expect([first, second].map(({ failures }) => failures.length)).toEqual([1, 1]);
    expect(hub.subscribers).toBe(0);
  });

  it('gives events of a turn once to a subscriber that is attached while they are given', async () => {
    const { hub, first, subscription } = await start();
    const late = new Noting(hub, { hasSink: false });
    const attaching = new Noting(hub, { hasSink: false });
    const another = new Noting(hub, { hasSink: false });
    Object.assign(attaching, { receive: () => hub.attach(late) });
    hub.attach(attaching);
    hub.attach(another);
    subscription.events(1);
    await nextTurn();
    expect(another.got).toHaveLength(1);
    expect(late.got).toEqual([]);
    [first, late, attaching, another].forEach((subscriber) => hub.leave(subscriber));
  });
});
