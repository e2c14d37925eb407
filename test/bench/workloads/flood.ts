import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, ClientPeer, Measurement } from '../harness/bench';
import { atMost, largest, middle, rivalTable, nameOf } from '../harness/report';
import type { RivalName } from '../rivals/rivals';
import type { Workload } from './workload';

const RIVALS: readonly RivalName[] = [
  'views-fastify',
  'views-express',
  'raw-write',
  'nest-fastify',
  'nest-express',
  'better-sse',
  'hono',
  'h3',
];

export const flood: Workload = {
  title: 'Other requests during a flood',
  description:
    'One client reads a stream whose generator never waits, for three seconds. Beside it another client, in a process of its own, sends small requests to the same server, one after the other, and times the answers; each tenth comes over a new connection. ' +
    'Where a server does not turn to others while the source gives events, the first request waits for the end of the source.',

  async run(bench) {
    const measured = await bench.interleave('Flood', RIVALS, (rival) => measure(bench, rival));
    const columns = [
      { title: 'slowest, ms', key: 'max', digits: 1, spread: true },
      { title: 'p99, ms', key: 'p99', digits: 1 },
      { title: 'p50, ms', key: 'p50', digits: 1 },
      { title: 'slowest with a new connection, ms', key: 'fresh', digits: 1, spread: true },
      { title: 'answers', key: 'count' },
      { title: 'events / s', key: 'rate' },
    ];
    return {
      tables: [rivalTable('Milliseconds to an answer', measured, columns, 'views-fastify')],
      goals: (['views-fastify', 'views-express'] as const).flatMap((ours) => [
        atMost(`${nameOf(ours)}, slowest other request of all rounds`, 15, largest(measured, ours, 'max'), ' ms'),
        atMost(
          `${nameOf(ours)}, slowest with a new connection, of all rounds`,
          15,
          largest(measured, ours, 'fresh'),
          ' ms',
        ),
      ]),
      notes: [],
      curve: { 'W6 ms': middle(measured, 'views-fastify', 'max').toFixed(1) },
    };
  },
};

function measure(bench: Bench, rival: RivalName): Promise<Measurement> {
  const milliseconds = bench.size(3_000, 200);
  const warmUp = bench.size(500, 100);
  return bench.withServer(rival, async (server, client) => {
    const port = await server.call(
      'startStream',
      rival,
      { kind: 'flood', milliseconds },
      { schema: 'none', ids: false },
    );
    const prober: ClientPeer = bench.startClient();
    try {
      // Requests before the flood compile the code; the last of them is answered in the flood.
      const probing = prober.call('probe', { port, path: '/ping' }, warmUp + milliseconds, warmUp);
      await sleep(warmUp);
      const start = performance.now();
      await client.call('open', { port, path: '/stream' }, 1);
      const { kept, fresh } = await probing;
      const rate = ((await client.call('events')) / (performance.now() - start)) * 1_000;
      return {
        max: kept.count > 0 ? kept.max : Number.NaN,
        p99: kept.p99,
        p50: kept.p50,
        fresh: fresh.count > 0 ? fresh.max : Number.NaN,
        count: kept.count + fresh.count,
        rate,
      };
    } finally {
      await prober.end();
    }
  });
}
