import { setTimeout as sleep } from 'node:timers/promises';
import { answerCalls } from '../harness/calls';
import { quantile } from '../harness/statistics';
import { usage } from '../harness/usage';
import { backplaneCarrier } from './backplane-carrier';
import { bareCarrier } from './bare-carrier';
import type { Carrier } from './carrier';

const CARRIERS = { backplane: backplaneCarrier, bare: bareCarrier };

/** Ways to carry events, by their name. */
export type CarrierName = keyof typeof CARRIERS;

/** Bytes of a payload. */
const SIZE = 200;

let carrier: Carrier;
let topics: readonly string[] = [];
let received = 0;
let latencies: number[] = [];
let onReceived: (() => void) | undefined;

/** One instance: a process that publishes, receives, or does both. */
const calls = {
  async start(name: CarrierName, url: string, names: readonly string[]): Promise<void> {
    carrier = await CARRIERS[name](url);
    topics = names;
  },

  subscribe: (): Promise<void> =>
    carrier.subscribe(topics, (payload) => {
      received++;
      const at = Number(payload.slice(0, payload.indexOf(' ')));
      if (at > 0) {
        latencies.push(performance.timeOrigin + performance.now() - at);
      }
      onReceived?.();
    }),

  /** Publishes, so many at once, to each topic in turn. @returns milliseconds until all were acknowledged. */
  async publish(events: number, atOnce: number): Promise<number> {
    const payload = '0 '.padEnd(SIZE, 'x');
    let next = 0;
    const publishOnes = async (): Promise<void> => {
      while (next < events) {
        await carrier.publish(topics[next++ % topics.length]!, payload);
      }
    };
    const start = performance.now();
    await Promise.all(Array.from({ length: atOnce }, publishOnes));
    return performance.now() - start;
  },

  /** Publishes so many a second, each with its time. */
  async publishStamped(perSecond: number, events: number): Promise<void> {
    const start = performance.now();
    for (let n = 0; n < events; n++) {
      await sleep(Math.max(0, start + (n * 1_000) / perSecond - performance.now()));
      const at = `${performance.timeOrigin + performance.now()} `;
      await carrier.publish(topics[n % topics.length]!, at.padEnd(SIZE, 'x'));
    }
  },

  /** Waits until so many have come since the last time. */
  until: (events: number): Promise<void> =>
    new Promise((resolve) => {
      onReceived = () => {
        if (received >= events) {
          received -= events;
          onReceived = undefined;
          resolve();
        }
      };
      onReceived();
    }),

  latencies(): { p50: number; p99: number } {
    const times = latencies;
    latencies = [];
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  },

  usage,
  close: () => carrier.close(),
};

export type InstanceCalls = typeof calls;

answerCalls(calls);
