import { setTimeout as sleep } from 'node:timers/promises';
import {
  measureCpu,
  type Bench,
  type ClientPeer,
  type Measurement,
  type Measurements,
  type ServerPeer,
} from '../harness/bench';
import { atMost, middle, ratio, rivalTable, type Report } from '../harness/report';
import type { RivalName } from '../rivals/rivals';
import type { Workload } from './workload';

const STREAMS: readonly RivalName[] = [
  'views-fastify',
  'views-express',
  'raw-write',
  'nest-route',
  'nest-fastify',
  'nest-express',
  'better-sse',
  'hono',
  'h3',
  'sse-starlette',
];
const CHANNELS: readonly RivalName[] = [
  'views-fastify',
  'views-express',
  'raw-shared',
  'nest-route',
  'better-sse',
  'sse-starlette',
];
/** Clients that connect at the same time. */
const AT_ONCE = 10;
/** Milliseconds in which a server lets go of clients that left. */
const SETTLING = 500;

export const connects: Workload = {
  title: 'Connects',
  description:
    '3,000 clients connect, ten at a time, and stay; then all leave at once, by a reset. First a stream whose generator yields one event and waits, then a channel.',

  async run(bench): Promise<Report> {
    const streams = await bench.interleaveServers(
      'Connects, streams',
      STREAMS,
      (server, rival) => server.call('startStream', rival, { kind: 'hello' }, { schema: 'none', ids: false }),
      (server, client, port) => measure(bench, server, client, { port, path: '/stream' }),
    );
    const channels = await bench.interleaveServers(
      'Connects, channels',
      CHANNELS,
      (server, rival) => server.call('startBroadcast', rival, { heartbeat: 15_000, history: 10 }),
      (server, client, port) => measure(bench, server, client, { port, path: '/live' }),
    );
    const columns = [
      { title: 'CPU µs / connect', key: 'cpu', digits: 1, spread: true },
      { title: 'of it in the kernel', key: 'kernel', digits: 1 },
      { title: 'connects / s', key: 'rate' },
      { title: 'first byte, ms, p50', key: 'p50', digits: 2 },
      { title: 'p99', key: 'p99', digits: 2 },
      { title: 'CPU µs / leave', key: 'leave', digits: 1 },
      { title: 'client busy %', key: 'clientBusy' },
    ];
    const table = (title: string, measurements: Measurements<RivalName>) =>
      rivalTable(title, measurements, columns, 'views-fastify');
    return {
      tables: [table('A stream', streams), table('A channel', channels)],
      goals: [
        atMost('On Fastify, CPU of a connect, against raw', 1.25, ratio(streams, 'views-fastify', 'raw-write', 'cpu')),
        atMost('On Fastify, a channel, against raw', 1.25, ratio(channels, 'views-fastify', 'raw-shared', 'cpu')),
      ],
      notes: [],
      curve: {
        'W4 µs': middle(streams, 'views-fastify', 'cpu').toFixed(0),
        'W4 / raw': ratio(streams, 'views-fastify', 'raw-write', 'cpu').toFixed(2),
      },
    };
  },
};

async function measure(
  bench: Bench,
  server: ServerPeer,
  client: ClientPeer,
  request: { port: number; path: string },
): Promise<Measurement> {
  const count = bench.size(3_000, 100);
  let times = { p50: 0, p99: 0 };
  const measurement = await measureCpu(server, client, count, async () => {
    times = await client.call('open', request, count, { atOnce: AT_ONCE });
  });
  const leaving = await measureCpu(server, client, count, async () => {
    await client.call('close');
    await sleep(SETTLING);
  });
  return { ...measurement, p50: times.p50, p99: times.p99, leave: leaving.cpu! };
}
