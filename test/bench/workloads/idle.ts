import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Measurement } from '../harness/bench';
import { atMost, middle, ratio, rivalTable } from '../harness/report';
import type { RivalName } from '../rivals/rivals';
import type { Workload } from './workload';

const RIVALS: readonly RivalName[] = [
  'views-fastify',
  'views-express',
  'raw-shared',
  'nest-fastify',
  'nest-express',
  'better-sse',
  'hono',
  'h3',
];
/** Milliseconds between two heartbeats of a connection. */
const HEARTBEAT = 2_000;
const BEATS = 4;
/** Those that have no heartbeat of their own. */
const SILENT: readonly RivalName[] = ['nest-fastify', 'nest-express', 'hono', 'h3'];

export const idle: Workload = {
  title: 'Idle connections',
  description:
    '8,000 clients are connected and get nothing but a heartbeat each 2 seconds, where the server has one. Memory is what a connection adds after a garbage collection, ' +
    'in a process of its own for each round; timers are those that keep the process alive.',

  async run(bench) {
    const measured = await bench.interleave('Idle connections', RIVALS, (rival) => measure(bench, rival));
    const columns = [
      { title: 'RSS, KB / connection', key: 'rss', digits: 1, spread: true },
      { title: 'heap, KB / connection', key: 'heap', digits: 1 },
      { title: 'timers', key: 'timers' },
      { title: 'CPU µs / heartbeat', key: 'beat', digits: 1, spread: true },
    ];
    const timers = middle(measured, 'views-fastify', 'timers');
    return {
      tables: [rivalTable('8,000 idle connections', measured, columns, 'views-fastify')],
      goals: [
        atMost(
          'On Fastify, RSS a connection, against raw',
          1.15,
          ratio(measured, 'views-fastify', 'raw-shared', 'rss'),
        ),
        {
          what: 'No timer for each connection',
          goal: '≤ 10 timers',
          measured: `${timers} timers`,
          reached: timers <= 10,
        },
      ],
      notes: [
        "Nest's `@Sse`, hono and h3 have no heartbeat of their own. The raw server writes to all connections in one loop.",
      ],
      curve: { 'W3 KB': middle(measured, 'views-fastify', 'rss').toFixed(1) },
    };
  },
};

function measure(bench: Bench, rival: RivalName): Promise<Measurement> {
  const clients = bench.size(8_000, 50);
  return bench.withServer(rival, async (server, client) => {
    const port = await server.call('startBroadcast', rival, { heartbeat: HEARTBEAT, history: 10 });
    // The first connections compile the code; what that takes is not theirs.
    await client.call('open', { port, path: '/live' }, Math.min(clients, 500));
    await client.call('close');
    await sleep(bench.size(500, 50));
    const empty = await server.call('usage', true);
    await client.call('open', { port, path: '/live' }, clients);
    await sleep(bench.size(1_000, 50));
    const full = await server.call('usage', true);
    let beat = Number.NaN;
    if (!SILENT.includes(rival)) {
      const before = await server.call('usage');
      await sleep(bench.size(BEATS * HEARTBEAT, 100));
      const after = await server.call('usage');
      beat = (after.cpu - before.cpu) / (clients * BEATS);
    }
    return {
      rss: (full.rss - empty.rss) / 1_024 / clients,
      heap: (full.heap - empty.heap) / 1_024 / clients,
      timers: full.timers,
      beat,
    };
  });
}
