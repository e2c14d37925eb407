import {
  measureCpu,
  type Bench,
  type ClientPeer,
  type Measurement,
  type Measurements,
  type ServerPeer,
} from '../harness/bench';
import {
  atLeast,
  atMost,
  cpuColumns,
  middle,
  ratio,
  rivalTable,
  type Goal,
  type Table,
  nameOf,
} from '../harness/report';
import type { RivalName } from '../rivals/rivals';
import type { Workload } from './workload';

const OURS = ['views-fastify', 'views-express'] as const;
const NEST = { 'views-fastify': 'nest-fastify', 'views-express': 'nest-express' } as const;
const RIVALS: readonly RivalName[] = [
  ...OURS,
  'observable-fastify',
  'raw-sockets',
  'raw-shared',
  'nest-fastify',
  'nest-express',
  'better-sse',
  'hono',
  'h3',
  'sse-starlette',
];
const EVENT_BYTES = 180;
/** Deliveries after which the clients are waited for, so that no buffer fills. */
const GROUP = 8_000;

export const fanOut: Workload = {
  title: 'Fan-out',
  description:
    'Events of about 200 bytes go to every client: one in each turn of the event loop, or sixteen. The library publishes to a channel that keeps 1,000 events, ' +
    'with a `ChannelView`, or shares an `Observable`. After about 8,000 deliveries the clients are waited for.',

  async run(bench) {
    const tables: Table[] = [];
    const goals: Goal[] = [];
    let curve = {};
    for (const clients of bench.options.quick ? [20] : [100, 1_000, 5_000]) {
      const both = await measure(bench, clients);
      for (const perTurn of [1, 16] as const) {
        const title = `${clients.toLocaleString('en')} clients, ${perTurn === 1 ? 'one event' : 'sixteen events'} a turn`;
        tables.push(rivalTable(title, pick(both, `${perTurn}:`), cpuColumns('delivery').map(plural), 'views-fastify'));
      }
      if (clients !== 1_000 && !bench.options.quick) {
        continue;
      }
      const one = pick(both, '1:');
      const sixteen = pick(both, '16:');
      for (const ours of OURS) {
        goals.push(
          atMost(
            `${nameOf(ours)}, one a turn, against \`res.write\` of a shared Buffer`,
            0.8,
            ratio(one, ours, 'raw-shared', 'cpu'),
          ),
          atLeast(
            `${nameOf(ours)}, sixteen a turn, less than better-sse`,
            14,
            ratio(sixteen, 'better-sse', ours, 'cpu'),
          ),
          atLeast(
            `${nameOf(ours)}, sixteen a turn, less than ${nameOf(NEST[ours])}`,
            30,
            ratio(sixteen, NEST[ours], ours, 'cpu'),
          ),
        );
      }
      curve = {
        'W2 1 µs': middle(one, 'views-fastify', 'cpu').toFixed(2),
        'W2 1 / shared Buffer': ratio(one, 'views-fastify', 'raw-shared', 'cpu').toFixed(2),
        'W2 16 µs': middle(sixteen, 'views-fastify', 'cpu').toFixed(2),
      };
    }
    return { tables, goals, notes: [], curve };
  },
};

function measure(bench: Bench, clients: number): Promise<Measurements<RivalName>> {
  return bench.interleaveServers(
    `Fan-out, ${clients} clients`,
    RIVALS,
    (server, rival) => server.call('startBroadcast', rival, { heartbeat: false, history: 1_000 }),
    async (server, client, port) => {
      await client.call('open', { port, path: '/live' }, clients);
      const deliveries = bench.size(40_000, 2_000);
      const measurement: Record<string, number> = {};
      for (const [perTurn, count] of [
        [1, deliveries],
        [16, deliveries * 8],
      ] as const) {
        for (const [key, value] of Object.entries(await publishAll(server, client, clients, perTurn, count))) {
          measurement[`${perTurn}:${key}`] = value;
        }
      }
      await client.call('close');
      return measurement;
    },
  );
}

async function publishAll(
  server: ServerPeer,
  client: ClientPeer,
  clients: number,
  perTurn: number,
  deliveries: number,
): Promise<Measurement> {
  const turnsInGroup = Math.ceil(GROUP / (clients * perTurn));
  const groups = Math.ceil(deliveries / (clients * perTurn * turnsInGroup));
  const before = await client.call('events');
  return measureCpu(server, client, groups * turnsInGroup * perTurn * clients, async () => {
    for (let group = 1; group <= groups; group++) {
      await server.call('publish', turnsInGroup, perTurn, EVENT_BYTES);
      await client.call('until', before + group * turnsInGroup * perTurn * clients);
    }
  });
}

/** The values whose keys begin so, without that beginning. */
function pick(measurements: Measurements<RivalName>, prefix: string): Measurements<RivalName> {
  return new Map(
    [...measurements].map(([rival, rounds]) => [
      rival,
      rounds.map((values) =>
        Object.fromEntries(
          Object.entries(values).flatMap(([key, value]) =>
            key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
          ),
        ),
      ),
    ]),
  );
}

function plural<T extends { title: string }>(column: T): T {
  return { ...column, title: column.title.replace('deliverys', 'deliveries') };
}
