import type { DataMeaning, Meaning } from './meaning';
import { from } from 'rxjs';
import { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { compare, isEqual, show, type Finding } from './compare';
import type { Expectation, Sent } from './expectation';
import type { FuzzApp } from './fuzz-app';
import { expectationOf } from './model';
import { recipeOf } from './recipes';
import type { Reading } from './reading';
import type { RoutePlan } from './route-plan';
import { newTally, type Tally } from './tally';

const SOURCES = ['generator', 'async generator', 'Observable', 'promise'] as const;
type Source = (typeof SOURCES)[number];

/** One stream: the route, the kind of its source, and the seeds of what it yields. */
export interface StreamCase {
  readonly route: number;
  readonly source: Source;
  readonly seeds: readonly number[];
}

export interface CaseReport {
  readonly tally: Tally;
  readonly findings: readonly Finding[];
}

/** Most values of a stream that nothing ends before. */
const LONG = 400;
/** Most values of one in which any may be refused. */
const SHORT = 6;

/** A stream of any values up to the first that is refused; or a long one, of values that are not. */
export function streamCase(random: SeededRandom, routes: readonly RoutePlan[]): StreamCase {
  const route = random.below(routes.length);
  const source = random.pick(SOURCES);
  const isLong = random.below(16) === 0;
  const length = isLong ? 1 + random.below(LONG) : 1 + random.below(SHORT);
  const seeds: number[] = [];
  for (let attempt = 0; seeds.length < length && attempt < 4 * length; attempt++) {
    const seed = random.below(2 ** 31);
    const { outcome } = expectation(seed, routes[route]!, source);
    if (outcome !== 'refused') {
      seeds.push(seed);
    } else if (!isLong) {
      seeds.push(seed);
      break;
    }
  }
  return { route, source, seeds };
}

function expectation(seed: number, plan: RoutePlan, source: Source): Expectation {
  const { meaning, isUnwatched } = recipeOf(seed);
  if (isUnwatched && (plan.model.pipe || plan.model.eventId !== 'uuid')) {
    // What these do with a promise that fails is their affair.
    return { outcome: 'left out' };
  }
  return expectationOf(meaning, { ...plan.model, isPushed: source === 'Observable' });
}

/** Streams the values, and compares what arrives with what the model says. */
export async function runStream(
  app: FuzzApp,
  plan: RoutePlan,
  { route, source, seeds }: StreamCase,
): Promise<CaseReport> {
  const { dropped } = app;
  let isOver = false;
  function* values(): Iterable<unknown> {
    for (const seed of seeds) {
      if (!isExcused(seed, plan)) {
        yield recipeOf(seed).make();
      }
    }
    isOver = true;
  }
  async function* asynchronous(): AsyncIterable<unknown> {
    for (const value of values()) {
      yield value;
    }
  }
  const sources: Record<Source, () => unknown> = {
    generator: values,
    'async generator': asynchronous,
    Observable: () => from(values()),
    promise: async () => asynchronous(),
  };
  const reading = app.stream(route, sources[source]);
  if (!(await reading.end())) {
    return {
      tally: newTally(),
      findings: [{ kind: 'crashed', message: `no end, after ${show(reading.body.slice(-200))}` }],
    };
  }
  const expectations = seeds.filter((seed) => !isExcused(seed, plan)).map((seed) => expectation(seed, plan, source));
  const report = judge(expectations, plan, reading);
  const counted = app.dropped - dropped;
  const findings = [...report.findings];
  if (findings.length === 0 && counted !== report.tally.dropped) {
    findings.push({ kind: 'lost', message: `${report.tally.dropped} events were dropped, and ${counted} counted` });
  }
  if (findings.length === 0 && report.tally.refused === 0 && !isOver) {
    findings.push({ kind: 'lost', message: 'the source was not read to its end' });
  }
  return { tally: report.tally, findings };
}

function isExcused(seed: number, plan: RoutePlan): boolean {
  const { isUnwatched, meaning } = recipeOf(seed);
  const { eventId, onInvalid, pipe, schema } = plan.model;
  // What may be written or not may be replaced or not, too.
  const isUncertain = dataOf(meaning)?.isExpressible === 'maybe' && schema !== undefined && onInvalid !== undefined;
  return isUncertain || (isUnwatched === true && (pipe !== undefined || eventId !== 'uuid'));
}

function dataOf(meaning: Meaning | undefined): DataMeaning | undefined {
  switch (meaning?.is) {
    case 'data':
      return meaning.data;
    case 'promise':
      return dataOf(meaning.of);
    case 'envelope':
    case 'made':
      return meaning.fields.data;
    default:
      return undefined;
  }
}

function judge(expectations: readonly Expectation[], plan: RoutePlan, reading: Reading): CaseReport {
  const tally = newTally();
  const sent: Sent[] = [...plan.opening];
  let isRefused = false;
  let isOpen = false;
  for (const one of expectations) {
    tally.events++;
    if (one.outcome === 'sent' && (one.isCertain || arrived(one.sent, sent, reading))) {
      sent.push(...one.sent);
      tally.delivered++;
      isOpen = true;
    } else if (one.outcome === 'dropped') {
      tally.dropped += one.events;
      sent.push(...one.sent);
      isOpen ||= one.sent.length > 0;
    } else if (one.outcome === 'left out') {
      tally.leftOut++;
    } else {
      tally.refused++;
      isRefused = true;
      break;
    }
  }
  if (isRefused && !isOpen && reading.status === 500) {
    return { tally, findings: [] };
  }
  if (reading.status !== 200) {
    return { tally, findings: [{ kind: 'wrong', message: `answered ${reading.status}: ${show(reading.body)}` }] };
  }
  sent.push(...(isRefused ? plan.failure : plan.end));
  return { tally, findings: compare(sent, reading.events, reading.body) };
}

/** Whether what may be refused has arrived. */
function arrived(maybe: readonly Sent[], before: readonly Sent[], reading: Reading): boolean {
  const index = before.filter(({ event }) => event).length;
  const [actual, event] = [reading.events[index], maybe[0]?.event];
  return (
    actual !== undefined && event !== undefined && isEqual(event, actual, reading.events[index - 1]?.lastEventId ?? '')
  );
}
