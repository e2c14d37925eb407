import { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { ADAPTERS, type Adapter } from '../support/app';
import { channelCase, CHANNEL_SCHEMAS, runChannel, type ChannelCase } from './channel-case';
import type { Finding } from './compare';
import { FuzzApp } from './fuzz-app';
import { routePlan } from './route-plan';
import { runStream, streamCase, type CaseReport, type StreamCase } from './stream-case';
import { addTo, countFindings, newTally, type Tally } from './tally';

/** Routes of each run, each with other options. */
const ROUTES = 150;
/** One case of so many is a channel's; it has more events. */
const CHANNEL_CASES = 12;
/** Most findings, after which a run is given up. */
const MAX_FINDINGS = 10;
/** Most attempts to find a smaller case that fails. */
const MAX_ATTEMPTS = 60;

export type Kind = 'streams' | 'channels';
export type Case = StreamCase | ChannelCase;

/** A case that failed, as small as it could be made. */
export interface Failure {
  /** Number of the case in the run. */
  readonly number: number;
  readonly adapter: Adapter;
  readonly kind: Kind;
  readonly case: Case;
  /** The options of the route, or the schema and the reader of the channel. */
  readonly options: string;
  readonly findings: readonly Finding[];
}

export interface FuzzOptions {
  readonly seed: number;
  /** How many values are to be yielded or published. */
  readonly events: number;
  /** This case alone. */
  readonly only?: number | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
}

export interface FuzzReport {
  readonly tallies: Readonly<Record<Kind, Tally>>;
  readonly failures: readonly Failure[];
}

/** Yields and publishes random values through real applications, on both adapters in turn. */
export async function runFuzz({ seed, events, only, signal, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const random = new SeededRandom(seed);
  const routes = Array.from({ length: ROUTES }, () => routePlan(random));
  const apps = await Promise.all(ADAPTERS.map((adapter) => FuzzApp.start(adapter, routes, CHANNEL_SCHEMAS)));
  const escaped: unknown[] = [];
  const onEscape = (error: unknown): void => {
    escaped.push(error);
  };
  process.on('uncaughtException', onEscape);
  process.on('unhandledRejection', onEscape);
  const run = async (app: FuzzApp, one: Case): Promise<CaseReport> => {
    escaped.length = 0;
    const { tally, findings } = await ('route' in one ? runStream(app, routes[one.route]!, one) : runChannel(app, one));
    // What escapes from a promise is known in the next turn.
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    const escapes = escaped.map((error): Finding => ({ kind: 'crashed', message: `escaped: ${String(error)}` }));
    return { tally, findings: [...findings, ...escapes] };
  };
  const tallies = { streams: newTally(), channels: newTally() };
  const failures: Failure[] = [];
  try {
    for (let number = 0, done = 0; only === undefined ? done < events : number <= only; number++) {
      signal?.throwIfAborted();
      const ofCase = new SeededRandom(random.below(2 ** 31));
      const kind: Kind = ofCase.below(CHANNEL_CASES) === 0 ? 'channels' : 'streams';
      if (only !== undefined && number !== only) {
        continue;
      }
      const app = apps[number % apps.length]!;
      const one = kind === 'channels' ? channelCase(ofCase) : streamCase(ofCase, routes);
      const { tally, findings } = await run(app, one);
      done += Math.max(1, tally.events);
      addTo(tallies[kind], tally);
      countFindings(tallies[kind], findings);
      onProgress?.(done / events);
      if (findings.length > 0) {
        const smaller = await shrink(one, findings, (candidate) => run(app, candidate));
        const options = 'route' in one ? routes[one.route]!.name : `schema ${one.schema}, read by ${one.reader}`;
        failures.push({ number, adapter: app.adapter, kind, options, ...smaller });
        if (failures.length === MAX_FINDINGS) {
          break;
        }
      }
    }
  } finally {
    await Promise.all(apps.map((app) => app.close()));
    process.off('uncaughtException', onEscape);
    process.off('unhandledRejection', onEscape);
  }
  return { tallies, failures };
}

/** Leaves values out, half of them first, as long as what is left fails in the same way. */
async function shrink<C extends Case>(
  original: C,
  found: readonly Finding[],
  run: (candidate: C) => Promise<CaseReport>,
): Promise<{ case: C; findings: readonly Finding[] }> {
  let smallest = { case: original, findings: found };
  let attempts = 0;
  for (let size = Math.ceil(original.seeds.length / 2); size > 0; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < smallest.case.seeds.length && attempts < MAX_ATTEMPTS;) {
      const { seeds } = smallest.case;
      const candidate = { ...original, seeds: [...seeds.slice(0, start), ...seeds.slice(start + size)] };
      attempts++;
      const { findings } = candidate.seeds.length > 0 ? await run(candidate) : { findings: [] };
      if (findings.some(({ kind }) => kind === found[0]!.kind)) {
        smallest = { case: candidate, findings };
      } else {
        start += size;
      }
    }
  }
  return smallest;
}
