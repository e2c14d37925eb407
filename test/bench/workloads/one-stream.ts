import { measureCpu, type Bench, type Measurement, type Measurements } from '../harness/bench';
import { atLeast, atMost, cpuColumns, middle, ratio, rivalTable, nameOf } from '../harness/report';
import type { RivalName } from '../rivals/rivals';
import type { Workload } from './workload';

interface Variant {
  readonly schema: 'none' | 'zod' | 'class';
  readonly instances: boolean;
  readonly ids: boolean;
}

const OURS = ['views-fastify', 'views-express'] as const;
const FLOOR = 'raw-generator';
const NEST = { 'views-fastify': 'nest-fastify', 'views-express': 'nest-express' } as const;
const UNVALIDATED: readonly RivalName[] = [
  ...OURS,
  'raw-loop',
  FLOOR,
  'raw-write',
  'nest-fastify',
  'nest-express',
  'better-sse',
  'hono',
  'h3',
  'sse-starlette',
];
const VALIDATED: readonly RivalName[] = [...OURS, FLOOR, 'nest-fastify', 'nest-express'];
const WITH_ZOD: readonly RivalName[] = [...OURS, FLOOR, 'raw-generator-zod', 'nest-fastify', 'nest-express'];
/** Streams that a server has given, beside the usual one, before it is measured: the compiler takes that long to be done. */
const WARM_UPS = 3;

export const oneStream: Workload = {
  title: 'One stream',
  description:
    'One client reads 200,000 events `{ symbol, price, at }` from an async generator that never waits. Rivals validate nothing, but for one with zod. ' +
    "With ids, each event has a random UUID; Nest's `@Sse` numbers its events in any case, and better-sse writes an empty id line where there is no id.",

  async run(bench) {
    const plain = await measure(bench, 'no schema', UNVALIDATED, { schema: 'none', instances: false, ids: false });
    const withIds = await measure(bench, 'no schema, ids', UNVALIDATED, {
      schema: 'none',
      instances: false,
      ids: true,
    });
    const zod = await measure(bench, 'zod', WITH_ZOD, { schema: 'zod', instances: false, ids: false });
    const zodIds = await measure(bench, 'zod, ids', [...OURS, FLOOR], { schema: 'zod', instances: false, ids: true });
    const model = await measure(bench, 'class', VALIDATED, { schema: 'class', instances: false, ids: false });
    const instance = await measure(bench, 'class, instances', VALIDATED, {
      schema: 'class',
      instances: true,
      ids: false,
    });
    const table = (title: string, measurements: Measurements<RivalName>) =>
      rivalTable(title, measurements, cpuColumns('event'), 'views-fastify');
    return {
      tables: [
        table('No schema, no ids', plain),
        table('No schema, ids', withIds),
        table('zod, no ids', zod),
        table('zod, ids', zodIds),
        table('class-validator, plain objects, no ids', model),
        table('class-validator, instances, no ids', instance),
      ],
      goals: OURS.flatMap((ours) => [
        atMost(
          `${nameOf(ours)}, no schema, against async generator on raw \`http\``,
          1.15,
          ratio(plain, ours, FLOOR, 'cpu'),
        ),
        atMost(
          `${nameOf(ours)}, no schema, with ids, against the same with ids`,
          1.15,
          ratio(withIds, ours, FLOOR, 'cpu'),
        ),
        atMost(`${nameOf(ours)}, zod, against async generator on raw \`http\``, 1.15, ratio(zod, ours, FLOOR, 'cpu')),
        atLeast(`${nameOf(ours)}, less than ${nameOf(NEST[ours])}`, 8, ratio(plain, NEST[ours], ours, 'cpu')),
        atLeast(`${nameOf(ours)}, less than better-sse`, 3.5, ratio(plain, 'better-sse', ours, 'cpu')),
        atLeast(`${nameOf(ours)}, less than hono`, 5, ratio(plain, 'hono', ours, 'cpu')),
        atLeast(
          `${nameOf(ours)}, class-validator, plain objects, less than ${nameOf(NEST[ours])} unvalidated`,
          3,
          ratio(model, NEST[ours], ours, 'cpu'),
        ),
        atLeast(
          `${nameOf(ours)}, class-validator, instances, less than ${nameOf(NEST[ours])} unvalidated`,
          3,
          ratio(instance, NEST[ours], ours, 'cpu'),
        ),
      ]),
      notes: [],
      curve: {
        'W1 µs': middle(plain, 'views-fastify', 'cpu').toFixed(2),
        'W1 / floor': ratio(plain, 'views-fastify', FLOOR, 'cpu').toFixed(2),
        'W1 zod / floor': ratio(zod, 'views-fastify', FLOOR, 'cpu').toFixed(2),
        'W1 class µs': middle(model, 'views-fastify', 'cpu').toFixed(2),
      },
    };
  },
};

function measure(
  bench: Bench,
  what: string,
  rivals: readonly RivalName[],
  variant: Variant,
): Promise<Measurements<RivalName>> {
  const events = bench.size(200_000, 4_000);
  const { instances, ...options } = variant;
  return bench.interleaveServers(
    `One stream, ${what}`,
    rivals,
    (server, rival) => server.call('startStream', rival, { kind: 'ticks', events, instances }, options),
    async (server, client, port, isWarmUp) => {
      const read = async (): Promise<Measurement> => {
        const measurement = await measureCpu(server, client, events, async () => {
          await client.call('open', { port, path: '/stream', headers: { 'X-Events': String(events) } }, 1);
          await client.call('until', events);
        });
        await client.call('close');
        return measurement;
      };
      for (let run = isWarmUp ? WARM_UPS : 0; run > 0; run--) {
        await read();
      }
      return read();
    },
  );
}
