import type { SseChannel } from '../../src/channel/sse-channel';
import type { SubscribeFrom } from '../../src/channel/backplane';
import { SseClosedError, SseUnavailableError } from '../../src/channel/backplane.error';
import type { SseSubscription } from '../../src/channel/sse-subscription';
import { Demand } from '../../src/stream/demand';
import { CONNECT_FRAMES } from '../../src/stream/frame-source';
import type { SeededRandom } from '../../src/testing/backplane/seeded-random';
import type { ClientRecord, ScheduleRecord, Sighting } from './schedule-record';

/** A value that passes every filter; the others of which so many are the divisor do, too. */
export const PASSES = 0;
const DIVISOR = 4;

/** What a connection has sent and its client has not received. */
interface Connection {
  /** Whether it has ended by itself. */
  isOver: boolean;
  /** Lets the client receive up to so many events. */
  receive(count: number): void;
  leave(): void;
}

/** How a client is. */
export interface ClientTraits {
  readonly name: string;
  readonly topic: string;
  readonly from: SubscribeFrom;
  readonly isFiltered: boolean;
  /** Whether it reads event by event, and not frames. */
  readonly isLoop: boolean;
}

/** A client that comes back with the id that it received last, wherever it is told to. */
export class ScheduleClient implements ClientRecord {
  readonly sightings: Sighting[] = [];
  /** What should not have happened to it. */
  readonly faults: string[] = [];
  readonly name: string;
  readonly topic: string;
  readonly isFiltered: boolean;
  private connection: Connection | undefined;
  private last: string | undefined;

  constructor(
    private readonly traits: ClientTraits,
    private readonly record: ScheduleRecord,
    private readonly random: SeededRandom,
  ) {
    ({ name: this.name, topic: this.topic, isFiltered: this.isFiltered } = traits);
  }

  readonly passes = (value: number): boolean => !this.isFiltered || value % DIVISOR === PASSES;

  get isConnected(): boolean {
    return this.connection !== undefined && !this.connection.isOver;
  }

  get lastId(): string | undefined {
    return this.last;
  }

  connect(channel: SseChannel<number>): void {
    this.leave();
    const { from, isLoop } = this.traits;
    const after = this.last;
    this.sightings.push({ kind: 'connect', after, during: this.record.era });
    const subscription = channel.subscribe({
      after,
      from,
      topic: this.topic,
      ...(this.isFiltered && { filter: ({ data }) => this.passes(data) }),
    });
    this.connection = isLoop ? this.loop(subscription) : this.frames(subscription);
  }

  receive(count: number): void {
    this.connection?.receive(count);
  }

  leave(): void {
    this.connection?.leave();
    this.connection = undefined;
  }

  private sight(sighting: Sighting): void {
    this.sightings.push(sighting);
    this.last = (sighting as { id: string }).id;
  }

  private failed(error: unknown): void {
    if (!(error instanceof SseUnavailableError) && !(error instanceof SseClosedError)) {
      this.faults.push(`${this.name}: ${(error as Error).stack}`);
    }
  }

  private loop(subscription: SseSubscription<number>): Connection {
    const iterator = subscription[Symbol.asyncIterator]();
    let wanted = 0;
    let isReading = false;
    const read = async (): Promise<void> => {
      isReading = true;
      try {
        while (wanted > 0 && !connection.isOver) {
          const { done, value } = await iterator.next();
          if (done) {
            connection.isOver = true;
          } else if (!connection.isOver) {
            wanted--;
            this.sight(seen(value as Parameters<typeof seen>[0], this.record.era));
          }
        }
      } catch (error) {
        connection.isOver = true;
        this.failed(error);
      }
      isReading = false;
    };
    const connection: Connection = {
      isOver: false,
      receive: (count) => {
        wanted = Math.max(wanted, count);
        if (!isReading) {
          void read();
        }
      },
      leave: () => {
        connection.isOver = true;
        void iterator.return!();
      },
    };
    return connection;
  }

  private frames(subscription: SseSubscription<number>): Connection {
    const demand = new Demand();
    let sent: string[] = [];
    let wanted = 0;
    let isHeld = false;
    const hold = (isToBe: boolean): void => {
      if (isToBe !== isHeld) {
        isHeld = isToBe;
        if (isToBe) {
          demand.hold();
        } else {
          demand.release();
        }
      }
    };
    const take = (): void => {
      while (wanted > 0 && sent.length > 0) {
        wanted--;
        this.sight(seen(parse(sent.shift()!), this.record.era));
      }
      hold(sent.length > 0 && this.holds);
    };
    const write = (text: string): void => {
      sent.push(...text.split('\n\n').filter(Boolean));
      take();
    };
    const source = subscription[CONNECT_FRAMES]({
      demand,
      write,
      writeShared: ({ text }) => write(text),
      fail: (error) => {
        connection.isOver = true;
        this.failed(error);
        disconnect();
      },
      complete: () => {
        connection.isOver = true;
      },
    });
    function disconnect(): void {
      // It may fail before it is handed over.
      setImmediate(() => source.disconnect());
    }
    const connection: Connection = {
      isOver: false,
      receive: (count) => {
        wanted = Math.max(wanted, count);
        take();
      },
      leave: () => {
        connection.isOver = true;
        sent = [];
        wanted = 0;
        source.disconnect();
        hold(false);
        demand.wake();
      },
    };
    return connection;
  }

  private get holds(): boolean {
    return this.random.next() < 0.7;
  }
}

function seen(
  { kind, id, data }: { kind: string; id: string; data: unknown },
  during: number,
): Exclude<Sighting, { kind: 'connect' }> {
  switch (kind) {
    case 'start':
      return { kind, id, during };
    case 'gap':
      return { kind, id, during, reason: (data as { reason: string }).reason };
    default:
      return { kind: 'event', id, during, value: data as number };
  }
}

function parse(frame: string): { kind: string; id: string; data: unknown } {
  const field = (name: string): string | undefined =>
    frame
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  return { kind: field('event') ?? 'event', id: field('id')!, data: parseJson(field('data')) };
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text!);
  } catch {
    return text;
  }
}
