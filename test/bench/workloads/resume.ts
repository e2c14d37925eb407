import { measureCpu, type Bench, type Measurement, type ServerPeer, type ClientPeer } from '../harness/bench';
import { cpuColumns, middle, rivalTable } from '../harness/report';
import type { RivalName } from '../rivals/rivals';
import type { Workload } from './workload';

const RIVALS: readonly RivalName[] = ['views-fastify', 'views-express', 'raw-shared'];
const EVENTS = 1_000;

export const resume: Workload = {
  title: 'Resume',
  description:
    '1,000 clients come with the id before the last 1,000 events of 200 bytes, which are kept, and each gets them all. The raw server keeps frames in an array and writes them joined; the others have no history.',

  async run(bench) {
    const ids = new Map<number, string>();
    const measured = await bench.interleaveServers(
      'Resume',
      RIVALS,
      async (server, rival) => {
        const port = await server.call('startBroadcast', rival, { heartbeat: 15_000, history: EVENTS });
        const client = bench.startClient();
        try {
          ids.set(port, await client.call('firstId', { port, path: '/live' }));
          await server.call('publish', EVENTS, 1, 180);
        } finally {
          await client.end();
        }
        return port;
      },
      (server, client, port) => measure(bench, server, client, port, ids.get(port)!),
    );
    return {
      tables: [rivalTable('1,000 clients × 1,000 events', measured, cpuColumns('event'), 'views-fastify')],
      goals: [],
      notes: [],
      curve: { 'W8 µs': middle(measured, 'views-fastify', 'cpu').toFixed(2) },
    };
  },
};

async function measure(
  bench: Bench,
  server: ServerPeer,
  client: ClientPeer,
  port: number,
  id: string,
): Promise<Measurement> {
  const clients = bench.size(1_000, 5);
  const measurement = await measureCpu(server, client, clients * EVENTS, async () => {
    await client.call('open', { port, path: '/live', headers: { 'Last-Event-ID': id } }, clients);
    await client.call('until', clients * EVENTS);
  });
  await client.call('close');
  return measurement;
}
