import { randomInt } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Controller } from '@nestjs/common';
import { ChannelView, LastEventId, SseChannels, SseConnections, SseRoute, SseSignal } from 'nestjs-sse-views';
import type { Adapter } from '../support/app';
import { closeChannelApps, nextTurn, startChannelApp } from '../support/channel-app';
import { until } from '../support/until';

afterEach(closeChannelApps);

@Controller('numbers')
class NumbersView extends ChannelView<number> {
  static readonly channel = 'numbers';

  override filter({ query }: { query: { thirds?: string } }) {
    return query.thirds === undefined ? undefined : ({ data }: { data: number }) => data % 3 === 0;
  }

  @SseRoute('loop')
  async *loop(@LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
    yield* this.channel.subscribe({ after, signal });
  }
}

/** Numbers from 0 to 1, the same ones for the same seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Reads numbers, drops out at any byte and comes back with its last id. Its parser does no more than it must: there are
 * millions of events.
 */
class Wanderer {
  /** The numbers in the order in which they came, and -1 for each gap. */
  readonly seen: number[] = [];
  drops = 0;
  lastEventId: string | undefined;
  private socket: Socket | undefined;
  private text = '';
  private isHead = true;
  private left = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly port: number,
    readonly path: string,
    private readonly next: () => number,
    private readonly schedule: { isOver: boolean; readonly away: number },
  ) {}

  get hasBegun(): boolean {
    return this.lastEventId !== undefined;
  }

  enter(): void {
    this.text = '';
    this.isHead = true;
    // After so many events it leaves; sometimes at once.
    this.left = this.next() < 0.1 ? 0 : Math.floor(this.next() * 1_200);
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => this.take(bytes.toString('latin1')));
    // Also where it is the server that ended it.
    socket.on('close', () => this.comeBack(socket));
    const header = this.lastEventId === undefined ? '' : `Last-Event-ID: ${this.lastEventId}\r\n`;
    socket.write(`GET ${this.path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n${header}\r\n`);
    if (this.left === 0 && !this.schedule.isOver && this.hasBegun) {
      this.drop();
    }
  }

  stop(): void {
    clearTimeout(this.timer);
    const { socket } = this;
    this.socket = undefined;
    socket?.destroy();
  }

  private drop(): void {
    this.drops++;
    if (this.next() < 0.5) {
      this.socket?.resetAndDestroy();
    } else {
      this.socket?.destroy();
    }
  }

  private comeBack(socket: Socket): void {
    if (this.socket === socket) {
      this.socket = undefined;
      this.timer = setTimeout(() => this.enter(), this.next() * this.schedule.away);
    }
  }

  private take(text: string): void {
    this.text += text;
    if (this.isHead) {
      const end = this.text.indexOf('\r\n\r\n');
      if (end < 0) {
        return;
      }
      this.text = this.text.slice(end + 4);
      this.isHead = false;
    }
    // The lengths of HTTP's chunks stand between frames: a write has whole ones.
    let start = 0;
    for (let end = this.text.indexOf('\n\n', start); end >= 0; end = this.text.indexOf('\n\n', start)) {
      const frame = this.text.slice(start, end);
      start = end + 2;
      this.frame(frame);
      if (--this.left < 0 && !this.schedule.isOver && this.hasBegun) {
        this.drop();
        return;
      }
    }
    this.text = this.text.slice(start);
  }

  private frame(frame: string): void {
    const id = frame.indexOf('id: ');
    if (id < 0) {
      return;
    }
    this.lastEventId = frame.slice(id + 4, frame.indexOf('\n', id));
    if (frame.includes('event: gap\n')) {
      this.seen.push(-1);
    } else if (!frame.includes('event: start\n')) {
      this.seen.push(Number(frame.slice(frame.lastIndexOf('data: ') + 6)));
    }
  }
}

interface Run {
  readonly adapter: Adapter;
  readonly subscribers: number;
  readonly events: number;
  readonly history: { maxEvents: number; maxBytes: number };
  /** Most milliseconds that a subscriber stays away. */
  readonly away: number;
}

/** Lets subscribers drop out and return while events are published. @returns them, when each has had the last event. */
async function run({ adapter, subscribers, events, history, away }: Run, seed: number): Promise<Wanderer[]> {
  const app = await startChannelApp<number>(adapter, {
    controllers: [NumbersView],
    channel: { name: 'numbers', history },
  });
  const next = random(seed);
  const schedule = { isOver: false, away };
  const wanderers = Array.from({ length: subscribers }, (_, index) => {
    const path = index % 4 === 1 ? '/numbers?thirds=1' : index % 4 === 2 ? '/numbers/loop' : '/numbers';
    // Numbers of its own: in which order sockets are served is no part of the schedule.
    return new Wanderer(app.port, path, random(seed + 1 + index), schedule);
  });
  try {
    for (const wanderer of wanderers) {
      wanderer.enter();
    }
    await until(() => wanderers.every(({ hasBegun }) => hasBegun), 60_000);
    for (let n = 1; n <= events;) {
      for (let batch = Math.floor(next() * 40); batch >= 0 && n <= events; batch--) {
        const published = app.channel.publish(n++);
        if (next() < 0.3) {
          await published;
        }
      }
      if (next() < 0.2) {
        await new Promise((resolve) => setTimeout(resolve, next() * 5));
      } else {
        await nextTurn();
      }
    }
    schedule.isOver = true;
    // Three times, for those that get only thirds.
    for (let last = 1; last <= 3; last++) {
      await app.channel.publish(events + last);
    }
    const last = events + 3 - ((events + 3) % 3);
    const isBehind = ({ seen }: Wanderer): boolean => !(seen.at(-1)! >= last);
    await until(
      () => !wanderers.some(isBehind),
      90_000,
      () =>
        `behind are ${wanderers
          .filter(isBehind)
          .map(({ path, seen }) => `${path} at ${seen.at(-1)}`)
          .join(', ')}`,
    );
    expect([...app.channel.subscribers()]).toEqual([[undefined, expect.any(Number)]]);
  } finally {
    wanderers.forEach((wanderer) => wanderer.stop());
  }
  await until(() => app.app.get(SseConnections).count === 0);
  expect([[...app.channel.subscribers()], app.app.get(SseChannels).wheel.size]).toEqual([[], 0]);
  return wanderers;
}

/** Runs it with a seed of its own, or that of the environment, and says which when something is wrong. */
async function withSeed(work: (seed: number) => Promise<void>): Promise<void> {
  const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
  try {
    await work(seed);
  } catch (error) {
    throw new Error(`With SEED=${seed}: ${(error as Error).message}`, { cause: error });
  }
}

/** What is wrong with a sequence that should go from 1 to the end, in steps of 1, or of 3. */
function faultsOf(seen: readonly number[], step: number, mayHaveGaps = false): string[] {
  const faults: string[] = [];
  let expected = step;
  let isTold = false;
  for (const n of seen) {
    if (n === -1) {
      isTold = true;
      if (!mayHaveGaps) {
        faults.push(`a gap before ${expected}`);
      }
      continue;
    }
    if (n < expected) {
      faults.push(`${n} came after ${expected - step}`);
    } else if (n > expected && !isTold) {
      faults.push(`${expected} to ${n - step} are missing`);
    }
    isTold = false;
    expected = n + step;
  }
  return faults;
}

const report = (wanderers: readonly Wanderer[], mayHaveGaps: boolean): string[] =>
  wanderers.flatMap(({ seen }, index) =>
    faultsOf(seen, index % 4 === 1 ? 3 : 1, mayHaveGaps).map((fault) => `subscriber ${index}: ${fault}`),
  );

describe.each([
  { adapter: 'express', subscribers: 200, events: 10_000 },
  { adapter: 'fastify', subscribers: 60, events: 3_000 },
] as const)(
  'on $adapter, $subscribers subscribers that drop and return at random',
  ({ adapter, subscribers, events }) => {
    it(`lose none of ${events} events and see none twice, in order`, async () => {
      await withSeed(async (seed) => {
        const history = { maxEvents: events + 10, maxBytes: 100_000_000 };
        const wanderers = await run({ adapter, subscribers, events, history, away: 100 }, seed);
        expect(report(wanderers, false).slice(0, 10)).toEqual([]);
        expect(wanderers.reduce((sum, { drops }) => sum + drops, 0)).toBeGreaterThan(subscribers);
      });
    }, 180_000);

    it('are told of each loss where the history is too short for them, and see none twice, in order', async () => {
      await withSeed(async (seed) => {
        const history = { maxEvents: 100, maxBytes: 100_000_000 };
        const wanderers = await run({ adapter, subscribers: 60, events: 3_000, history, away: 300 }, seed);
        expect(report(wanderers, true).slice(0, 10)).toEqual([]);
        const gaps = wanderers.reduce((sum, { seen }) => sum + seen.filter((n) => n === -1).length, 0);
        expect(gaps).toBeGreaterThan(0);
      });
    }, 180_000);
  },
);
