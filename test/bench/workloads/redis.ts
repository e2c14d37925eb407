import { join } from 'node:path';
import type { Bench, Measurement, Measurements } from '../harness/bench';
import { Peer } from '../harness/peer';
import { middle, ratio, type Goal, type Table } from '../harness/report';
import { median } from '../harness/statistics';
import type { CarrierName, InstanceCalls } from '../redis/instance';
import { withRedis, type LocalRedis } from '../redis/local-redis';
import type { Workload } from './workload';

const TOPICS = [1, 100, 1_000] as const;
const INSTANCES = [1, 2] as const;
/** Publications that wait for an answer at the same time. */
const AT_ONCE = 100;
const PER_SECOND = 200;

/** A carrier, and how many topics it has. */
type Case = `${CarrierName} ${(typeof TOPICS)[number]}`;

const CASES = TOPICS.flatMap((topics) => [`backplane ${topics}`, `bare ${topics}`] as const);

export const redis: Workload = {
  title: 'Redis',
  description:
    'Events of 200 bytes go over a Redis without persistence, to each of 1, 100 or 1,000 topics in turn: one publication after the other, then 100 at a time, then 200 a second, of which each says when it was published. One instance publishes and receives; with two, one does each. The bare loop is a script that does XADD with MAXLEN and PUBLISH, on the same client: no positions, no gaps, no bounds of bytes and age, no outages.',

  run: (bench) =>
    withRedis(async (local) => {
      const tables: Table[] = [];
      const goals: Goal[] = [];
      const curve: Record<string, string> = {};
      for (const instances of INSTANCES) {
        const what = `${instances} instance${instances === 1 ? '' : 's'}`;
        const measured = await bench.interleave(what, CASES, (name) => measure(bench, local, name, instances));
        tables.push(tableOf(what, measured));
        goals.push(...goalsOf(what, measured));
        if (instances === 2) {
          curve['W9 /s'] = middle(measured, 'backplane 1', 'pipelined').toFixed(0);
          curve['W9 / bare'] = ratio(measured, 'backplane 1', 'bare 1', 'pipelined').toFixed(2);
        }
      }
      return { tables, goals, notes: [], curve };
    }),
};

async function measure(bench: Bench, local: LocalRedis, name: Case, instances: number): Promise<Measurement> {
  const [carrier, count] = name.split(' ') as [CarrierName, string];
  const topics = Array.from({ length: Number(count) }, (_, index) => `bench/${index}`);
  const peers = Array.from(
    { length: instances },
    () => new Peer<InstanceCalls>(join(__dirname, '../redis/instance.js')),
  );
  const [publisher, receiver] = [peers[0]!, peers.at(-1)!];
  const run = async (events: number, atOnce: number): Promise<number> => {
    const [milliseconds] = await Promise.all([
      publisher.call('publish', events, atOnce),
      receiver.call('until', events),
    ]);
    return (events / milliseconds) * 1_000;
  };
  try {
    await Promise.all(peers.map((peer) => peer.call('start', carrier, local.url, topics)));
    await receiver.call('subscribe');
    // Fills the histories, so that every publication trims, and warms up.
    await run(bench.size(Math.max(20_000, 110 * topics.length), 200), AT_ONCE);
    const awaited = await run(bench.size(5_000, 20), 1);
    const events = bench.size(40_000, 200);
    const cpuOfAll = async (): Promise<number> =>
      (await Promise.all(peers.map((peer) => peer.call('usage')))).reduce((sum, { cpu }) => sum + cpu, 0);
    const before = [await cpuOfAll(), await local.cpu()] as const;
    const pipelined = await run(events, AT_ONCE);
    const cpu = ((await cpuOfAll()) - before[0]) / events;
    const redisCpu = ((await local.cpu()) - before[1]) / events;
    const stamped = bench.size(600, 5);
    await Promise.all([publisher.call('publishStamped', PER_SECOND, stamped), receiver.call('until', stamped)]);
    const { p50, p99 } = await receiver.call('latencies');
    return { awaited, pipelined, cpu, redisCpu, p50, p99 };
  } finally {
    await Promise.all(peers.map((peer) => peer.call('close').finally(() => peer.end())));
  }
}

function tableOf(title: string, measured: Measurements<Case>): Table {
  const value = (name: Case, key: string, digits: number): string =>
    middle(measured, name, key).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return {
    title,
    header: [
      'topics',
      '',
      'awaited / s',
      'pipelined / s',
      'times bare',
      'instances, CPU µs / event',
      'Redis, CPU µs / event',
      'p50, ms',
      'p99, ms',
    ],
    rows: CASES.map((name) => {
      const [carrier, topics] = name.split(' ') as [CarrierName, string];
      return [
        Number(topics).toLocaleString('en'),
        carrier === 'bare' ? 'bare loop' : '**nestjs-sse-views**',
        value(name, 'awaited', 0),
        value(name, 'pipelined', 0),
        ratio(measured, name, `bare ${topics}` as Case, 'pipelined').toFixed(2),
        value(name, 'cpu', 1),
        value(name, 'redisCpu', 1),
        value(name, 'p50', 2),
        value(name, 'p99', 2),
      ];
    }),
  };
}

function goalsOf(what: string, measured: Measurements<Case>): Goal[] {
  const bare = TOPICS.flatMap((topics) =>
    (['awaited', 'pipelined'] as const).map((key) =>
      share(
        `${what}, ${topics.toLocaleString('en')} ${topics === 1 ? 'topic' : 'topics'}, ${key}`,
        0.8,
        ratio(measured, `backplane ${topics}`, `bare ${topics}`, key),
        'the bare loop',
      ),
    ),
  );
  const flat = median(
    measured
      .get('backplane 1000')!
      .map(({ pipelined }, round) => pipelined! / measured.get('backplane 1')![round]!['pipelined']!),
  );
  return [...bare, share(`${what}, 1,000 topics, pipelined`, 0.85, flat, '1 topic')];
}

function share(what: string, least: number, measured: number, of: string): Goal {
  return {
    what: `${what}, against ${of}`,
    goal: `≥ ${least}`,
    measured: measured.toFixed(2),
    reached: measured >= least,
  };
}
