import { measureCpu, type ClientPeer, type Measurement, type ServerPeer } from '../harness/bench';
import { atMost, middle, ratio, rivalTable, nameOf } from '../harness/report';
import type { RivalName } from '../rivals/rivals';
import type { Workload } from './workload';

const RIVALS: readonly RivalName[] = [
  'views-fastify',
  'views-express',
  'raw-sockets',
  'raw-shared',
  'nest-fastify',
  'nest-express',
  'better-sse',
  'hono',
  'h3',
];
const PER_SECOND = 50;

export const latency: Workload = {
  title: 'Latency of a publication',
  description:
    '50 events of 200 bytes a second are published to 1,000 clients, for five seconds; each event says when it was published, and each client when it came. All clients are read by one process, one after the other, so most of the time is theirs.',

  async run(bench) {
    const clients = bench.size(1_000, 20);
    const seconds = bench.size(5, 0.2);
    const measured = await bench.interleaveServers(
      'Latency',
      RIVALS,
      (server, rival) => server.call('startBroadcast', rival, { heartbeat: 15_000, history: 1_000 }),
      (server, client, port, isWarmUp) => measure(server, client, port, clients, isWarmUp ? seconds / 4 : seconds),
    );
    const columns = [
      { title: 'p50, ms', key: 'p50', digits: 2, spread: true },
      { title: 'p99, ms', key: 'p99', digits: 2, spread: true },
      { title: 'server busy %', key: 'busy' },
      { title: 'client busy %', key: 'clientBusy' },
    ];
    return {
      tables: [rivalTable('Publication to arrival', measured, columns, 'views-fastify')],
      goals: (['views-fastify', 'views-express'] as const).flatMap((ours) =>
        (['p50', 'p99'] as const).map((key) =>
          atMost(`${nameOf(ours)}, ${key}, against bare sockets`, 1.1, ratio(measured, ours, 'raw-sockets', key)),
        ),
      ),
      notes: [],
      curve: {
        'W7 p50 ms': middle(measured, 'views-fastify', 'p50').toFixed(1),
        'W7 p50 / sockets': ratio(measured, 'views-fastify', 'raw-sockets', 'p50').toFixed(2),
      },
    };
  },
};

async function measure(
  server: ServerPeer,
  client: ClientPeer,
  port: number,
  clients: number,
  seconds: number,
): Promise<Measurement> {
  await client.call('open', { port, path: '/live' }, clients, { isStamped: true });
  const events = Math.round(PER_SECOND * seconds);
  const measurement = await measureCpu(server, client, events * clients, async () => {
    await server.call('publishStamped', PER_SECOND, events, 180);
    await client.call('until', events * clients);
  });
  const { p50, p99 } = await client.call('latencies');
  await client.call('close');
  return { ...measurement, p50, p99 };
}
