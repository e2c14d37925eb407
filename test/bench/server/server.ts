import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { answerCalls } from '../harness/calls';
import { usage } from '../harness/usage';
import type { Broadcast, BroadcastSetup, StreamSetup } from '../rivals/rival';
import { RIVALS, type RivalName } from '../rivals/rivals';
import { PeakMemory } from './peak-memory';
import { bulkEvent, MARKER, producedBytes, sourceOf, textOf, type SourceChoice } from './sources';

/** Events of 4 KiB published in one turn. */
const BULK_TURN = 256;

let live: Broadcast;
/** The process that serves, where it is another one. */
let servedBy: number | undefined;
const peak = new PeakMemory();

/** The server's process: one application of one rival. */
const calls = {
  /** @returns the port. */
  async startStream(
    rival: RivalName,
    source: SourceChoice,
    options: Pick<StreamSetup, 'schema' | 'ids'>,
  ): Promise<number> {
    const { stream } = await load(rival);
    const { port, pid } = await stream!({ ...options, choice: source, source: (signal) => sourceOf(source, signal) });
    servedBy = pid;
    return port;
  },

  /** @returns the port. */
  async startBroadcast(rival: RivalName, options: BroadcastSetup): Promise<number> {
    const { broadcast } = await load(rival);
    live = await broadcast!(options);
    servedBy = live.pid;
    return live.port;
  },

  usage: (collect?: boolean) => usage(collect, servedBy),

  /** Publishes so many events in each of so many turns of the event loop. */
  async publish(turns: number, perTurn: number, bytes: number): Promise<void> {
    const data = textOf(bytes);
    for (let turn = 0; turn < turns; turn++) {
      for (let n = 0; n < perTurn; n++) {
        live.publish(data);
      }
      await nextTurn();
    }
  },

  /** Publishes so many events that say when. */
  async publishStamped(perSecond: number, events: number, bytes: number): Promise<void> {
    const text = 'x'.repeat(bytes - 50);
    const start = performance.now();
    for (let n = 0; n < events; n++) {
      await sleep(Math.max(0, start + (n * 1_000) / perSecond - performance.now()));
      live.publish({ text, at: `${process.hrtime.bigint()}${MARKER}` });
    }
  },

  /** Publishes so many megabytes, one in each turn. */
  async publishBulk(megabytes: number): Promise<void> {
    for (let left = megabytes; left > 0; left--) {
      for (let n = 0; n < BULK_TURN; n++) {
        live.publish(bulkEvent());
      }
      peak.look();
      await nextTurn();
    }
  },

  /** @returns bytes that the source of bulk events, or `publishBulk`, has made. */
  produced: (): number => producedBytes,

  /** From now on, the memory in use is watched. */
  watchMemory: (): void => peak.watch(),

  /** @returns by how many bytes the memory has grown at most since it is watched. */
  memoryGrowth: (): number => peak.growth,
};

export type ServerCalls = typeof calls;

async function load(name: RivalName) {
  return RIVALS[name].load();
}

answerCalls(calls);
