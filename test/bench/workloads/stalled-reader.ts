import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Measurement, Measurements } from '../harness/bench';
import { atMost, middle, rivalTable, type Goal, nameOf } from '../harness/report';
import type { RivalName } from '../rivals/rivals';
import type { Workload } from './workload';

const PULLED: readonly RivalName[] = [
  'views-fastify',
  'views-express',
  'raw-generator',
  'nest-fastify',
  'better-sse',
  'hono',
  'h3',
];
const PUSHED: readonly RivalName[] = ['observable-fastify', 'observable-express', 'nest-fastify'];
const CHANNELS: readonly RivalName[] = ['views-fastify', 'views-express', 'raw-shared', 'better-sse'];

export const stalledReader: Workload = {
  title: 'A stalled reader',
  description:
    'One client connects and reads nothing, while the source has 500 MB to give, in events of 4 KiB. Growth is the most that the memory of the process (RSS) was above where it began.',

  async run(bench) {
    const pulled = await measureAll(bench, 'pulled', PULLED, pull);
    const pushed = await measureAll(bench, 'pushed', PUSHED, publish);
    const channel = await measureAll(bench, 'a channel', CHANNELS, publish);
    const columns = [
      { title: 'RSS growth, MB', key: 'growth', digits: 1, spread: true },
      { title: 'produced, MB', key: 'produced' },
    ];
    const published = [
      ...columns,
      { title: 'growth with no reader at all, MB', key: 'alone', digits: 1, spread: true },
    ];
    const goal = (what: string, measurements: Measurements<RivalName>, ours: RivalName): Goal =>
      atMost(`${nameOf(ours)}, RSS growth, ${what}`, 8, middle(measurements, ours, 'growth'), ' MB');
    return {
      tables: [
        rivalTable('Pulled: an async generator', pulled, columns, 'views-fastify'),
        rivalTable('Pushed: an Observable', pushed, published, 'observable-fastify'),
        rivalTable('A channel, one megabyte a turn', channel, published, 'views-fastify'),
      ],
      goals: [
        goal('pulled', pulled, 'views-fastify'),
        goal('pulled', pulled, 'views-express'),
        goal('pushed', pushed, 'observable-fastify'),
        goal('pushed', pushed, 'observable-express'),
        goal('a channel', channel, 'views-fastify'),
        goal('a channel', channel, 'views-express'),
      ],
      notes: [],
      curve: {
        'W5 MB pulled': middle(pulled, 'views-fastify', 'growth').toFixed(1),
        'W5 MB pushed': middle(pushed, 'observable-fastify', 'growth').toFixed(1),
        'W5 MB channel': middle(channel, 'views-fastify', 'growth').toFixed(1),
      },
    };
  },
};

type Measure = (bench: Bench, rival: RivalName) => Promise<Measurement>;

function measureAll(bench: Bench, what: string, rivals: readonly RivalName[], measure: Measure) {
  return bench.interleave(`A stalled reader, ${what}`, rivals, (rival) => measure(bench, rival));
}

const pull: Measure = (bench, rival) => {
  const megabytes = bench.size(500, 8);
  return bench.withServer(rival, async (server, client) => {
    const port = await server.call('startStream', rival, { kind: 'bulk', megabytes }, { schema: 'none', ids: false });
    const request = { port, path: '/stream' };
    // A client that reads comes first, so that the code is compiled; with a part of the source.
    await client.call('open', request, 1);
    await client.call('until', bench.size(4_000, 200));
    await client.call('close');
    await sleep(200);
    await server.call('watchMemory');
    const before = await server.call('produced');
    await client.call('openStalled', request);
    // Until no more comes of the source, for a second.
    const limit = performance.now() + 30_000;
    let produced = before;
    for (let still = 0; still < 10 && performance.now() < limit;) {
      await sleep(bench.size(100, 20));
      const now = await server.call('produced');
      still = now === produced ? still + 1 : 0;
      produced = now;
    }
    return { growth: (await server.call('memoryGrowth')) / 1_048_576, produced: (produced - before) / 1_048_576 };
  });
};

const publish: Measure = async (bench, rival) => ({
  ...(await publishTo(bench, rival, true)),
  alone: (await publishTo(bench, rival, false)).growth!,
});

function publishTo(bench: Bench, rival: RivalName, hasReader: boolean): Promise<Measurement> {
  const megabytes = bench.size(500, 8);
  return bench.withServer(rival, async (server, client) => {
    const port = await server.call('startBroadcast', rival, { heartbeat: 15_000, history: 100 });
    const request = { port, path: '/live' };
    // A client that reads comes first, so that the code is compiled.
    await client.call('open', request, 1);
    await server.call('publishBulk', bench.size(30, 1));
    await client.call('close');
    await sleep(200);
    if (hasReader) {
      await client.call('openStalled', request);
      await sleep(200);
    }
    await server.call('watchMemory');
    await server.call('publishBulk', megabytes);
    return { growth: (await server.call('memoryGrowth')) / 1_048_576, produced: megabytes };
  });
}
