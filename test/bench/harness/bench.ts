import { join } from 'node:path';
import type { ClientCalls } from '../client/client';
import { isInstalled, type RivalName } from '../rivals/rivals';
import type { ServerCalls } from '../server/server';
import type { BenchOptions } from './options';
import { Peer } from './peer';
import type { Progress } from './progress';

/** Rivals of which `--profile` writes CPU profiles. */
const OURS = /^(views|observable)-/;

export type ServerPeer = Peer<ServerCalls>;
export type ClientPeer = Peer<ClientCalls>;

/** Values of one round of one rival, by column. */
export type Measurement = Readonly<Record<string, number>>;

/** What was measured: of each rival one measurement a round, in the order of the rounds. */
export type Measurements<K extends string = string> = ReadonlyMap<K, readonly Measurement[]>;

/** What workloads measure with. */
export class Bench {
  constructor(
    readonly options: BenchOptions,
    private readonly progress: Progress,
  ) {}

  startServer(rival: RivalName): ServerPeer {
    const { profile } = this.options;
    const execArgv = profile && OURS.test(rival) ? ['--cpu-prof', `--cpu-prof-dir=${join(profile, rival)}`] : [];
    return new Peer<ServerCalls>(join(__dirname, '../server/server.js'), execArgv);
  }

  startClient(): ClientPeer {
    return new Peer<ClientCalls>(join(__dirname, '../client/client.js'));
  }

  /** `full`, or with `--quick` a number with which the workload takes a second or so. */
  size(full: number, quick: number): number {
    return this.options.quick ? quick : full;
  }

  /** Measures each in turn, A B C A B C and so on, so that what else the machine does hits all of them alike. */
  async interleave<K extends string>(
    what: string,
    names: readonly K[],
    measure: (name: K) => Promise<Measurement>,
  ): Promise<Measurements<K>> {
    const measurements = new Map<K, Measurement[]>(names.map((name) => [name, []]));
    const { rounds } = this.options;
    for (let round = 1; round <= rounds; round++) {
      for (const [index, name] of names.entries()) {
        this.progress.show(what, (round - 1) * names.length + index, rounds * names.length, `round ${round}, ${name}`);
        measurements.get(name)!.push(await measure(name));
      }
    }
    return measurements;
  }

  /**
   * As `interleave`, each rival with a server that is started once, and a first measurement that warms it up and is forgotten.
   * A rival that is not installed is left out.
   */
  async interleaveServers(
    what: string,
    all: readonly RivalName[],
    start: (server: ServerPeer, rival: RivalName) => Promise<number>,
    measure: (server: ServerPeer, client: ClientPeer, port: number, isWarmUp: boolean) => Promise<Measurement>,
  ): Promise<Measurements<RivalName>> {
    const rivals = all.filter(isInstalled);
    const client = this.startClient();
    const servers = new Map<RivalName, { server: ServerPeer; port: number }>();
    try {
      for (const [index, rival] of rivals.entries()) {
        this.progress.show(what, index, rivals.length, `warm-up, ${rival}`);
        const server = this.startServer(rival);
        const port = await start(server, rival);
        servers.set(rival, { server, port });
        await measure(server, client, port, true);
      }
      return await this.interleave(what, rivals, async (rival) => {
        const { server, port } = servers.get(rival)!;
        return measure(server, client, port, false);
      });
    } finally {
      await Promise.all([client, ...[...servers.values()].map(({ server }) => server)].map((peer) => peer.end()));
    }
  }

  /** Runs with a server of its own, which ends with it. */
  async withServer<T>(rival: RivalName, use: (server: ServerPeer, client: ClientPeer) => Promise<T>): Promise<T> {
    const server = this.startServer(rival);
    const client = this.startClient();
    try {
      return await use(server, client);
    } finally {
      await Promise.all([server.end(), client.end()]);
    }
  }
}

/** CPU time of the server for each unit, how many of them there were a second, and how busy the client's process was. */
export async function measureCpu(
  server: ServerPeer,
  client: ClientPeer,
  units: number,
  run: () => Promise<void>,
): Promise<Measurement> {
  const before = await server.call('usage', true);
  const clientBefore = await client.call('usage');
  const start = performance.now();
  await run();
  const wall = performance.now() - start;
  const after = await server.call('usage');
  const clientAfter = await client.call('usage');
  return {
    cpu: (after.cpu - before.cpu) / units,
    kernel: (after.kernel - before.kernel) / units,
    rate: (units / wall) * 1_000,
    busy: (after.cpu - before.cpu) / wall / 10,
    clientBusy: (clientAfter.cpu - clientBefore.cpu) / wall / 10,
  };
}
