import { Logger } from '@nestjs/common';
import { DEFAULT_HISTORY } from '../../src/channel/backplane';
import { SseUnavailableError } from '../../src/channel/backplane.error';
import { SseChannel } from '../../src/channel/sse-channel';
import { Demand } from '../../src/stream/demand';
import { CONNECT_FRAMES } from '../../src/stream/frame-source';
import { TimerWheel } from '../../src/stream/timer-wheel';
import { ScriptedBackplane } from '../support/scripted-backplane';
import { until } from '../support/until';

jest.mock('../../src/channel/backoff', () => ({ backoff: () => 1 }));

const logger = new Logger();
beforeAll(() => Logger.overrideLogger(false));

function open(): { channel: SseChannel<number>; backplane: ScriptedBackplane } {
  const backplane = new ScriptedBackplane();
  const definition = { name: 'numbers', validate: undefined, history: DEFAULT_HISTORY };
  return { backplane, channel: new SseChannel<number>(definition, { backplane, wheel: new TimerWheel(), logger }) };
}

/** Lets everything that was given come. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a connected client receives. @param demand its, shut while it does not read. */
function connect(channel: SseChannel<number>, after: string, demand = new Demand()) {
  const frames: string[] = [];
  const write = (text: string): void => void frames.push(...text.split('\n\n').filter(Boolean));
  const connection = channel.subscribe({ after })[CONNECT_FRAMES]({
    demand,
    write,
    writeShared: ({ text }) => write(text),
    fail: (error) => write(String(error)),
    complete: () => undefined,
  });
  return { frames, leave: () => connection.disconnect() };
}

/** A loop, and what was read of it: data, or what else it is. */
function loopOver(channel: SseChannel<number>, after: string) {
  const loop = channel.subscribe({ after })[Symbol.asyncIterator]();
  const seen: unknown[] = [];
  const read = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left--) {
      const { value } = await loop.next();
      seen.push(value?.kind === 'event' ? value.data : value?.kind);
    }
  };
  return { seen, read, leave: () => loop.return!() };
}

/** Consecutive numbers. */
const numbers = (count: number, from: number): number[] => Array.from({ length: count }, (_, index) => from + index);

describe('a subscriber that goes over from the history to the live events', () => {
  it('does not get what came meanwhile and is no event', async () => {
    const { channel, backplane } = open();
    const demand = new Demand();
    demand.hold();
    // While it reads the history, what comes is kept for it.
    const busy = connect(channel, 'p.0', demand);
    const [hub] = backplane.subscriptions;
    hub!.start('p.1');
    hub!.events(2);
    hub!.payload('p.3', 'data: 3\n\nid: p.99\ndata: forged\n\n');
    hub!.events(4);
    await settle();
    const back = connect(channel, 'p.2');
    await settle();
    expect(back.frames).toEqual(['id: p.4\ndata: 4']);
    hub!.events(5);
    await settle();
    expect(back.frames).toEqual(['id: p.4\ndata: 4', 'id: p.5\ndata: 5']);
    expect(channel.counts.dropped).toBe(1);
    busy.leave();
    back.leave();
  });

  it('does not go over while it has no room, though the topic comes to its position a second time', async () => {
    const { channel, backplane } = open();
    const { seen, read, leave } = loopOver(channel, 'p.1');
    const first = read(1);
    const [hub] = backplane.subscriptions;
    hub!.start('p.0');
    await until(() => backplane.subscriptions.length === 2);
    const history = backplane.subscriptions[1]!;
    // It waits for the history's next event when the topic comes to where it is, and goes over.
    history.start('p.1');
    history.events(2);
    await first;
    hub!.events(1, 2);
    await settle();
    expect(history.options.signal.aborted).toBe(true);
    // More than is held for it: the last that it is given is number 1026.
    hub!.events(...numbers(1_100, 3));
    await settle();
    await read(10);
    // The engine has been taken back to a copy, and what that has comes again.
    hub!.gap('p.1020');
    hub!.events(...numbers(6, 1_021));
    hub!.payload('p.again', 'data: -1\n\n');
    await settle();
    await read(1_015);
    hub!.payload('p.next', 'data: -2\n\n');
    await read(1);
    await settle();
    expect(seen.slice(-4)).toEqual([1_025, 1_026, -1, -2]);
    // What it lacked it had from what came lately: nothing is read a second time.
    expect(backplane.subscriptions.length).toBe(2);
    await leave();
  });

  it('begins where it was when the history fails after its start, which is beyond a gap', async () => {
    const { channel, backplane } = open();
    const { seen, read, leave } = loopOver(channel, 'p.0');
    const first = read(1);
    const [hub] = backplane.subscriptions;
    hub!.start('p.0');
    hub!.events(1);
    await first;
    // More than is held for it.
    hub!.events(...numbers(1_099, 2));
    await settle();
    await read(1_024);
    await until(() => backplane.subscriptions.length === 2);
    const [, failing] = backplane.subscriptions;
    const { after } = failing!.options;
    expect(after).toBe('p.1025');
    failing!.start('p.1090');
    failing!.fail(new SseUnavailableError('away'));
    await until(() => backplane.subscriptions.length === 3);
    const next = backplane.subscriptions[2]!;
    expect(next.options.after).toBe(after);
    next.start('p.1090');
    next.gap('p.1090');
    next.events(1_091);
    await read(2);
    expect(seen.slice(-3)).toEqual([1_025, 'gap', 1_091]);
    await leave();
  });
});
