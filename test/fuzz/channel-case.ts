import { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { compare, show, type Finding } from './compare';
import type { Expectation, Sent } from './expectation';
import { LAST_EVENT, READERS, type FuzzApp, type Reader } from './fuzz-app';
import { publicationOf } from './model';
import { recipeOf } from './recipes';
import { modelSchema, type TestSchema } from './route-plan';
import type { CaseReport } from './stream-case';
import { hostileText } from './strings';
import { newTally } from './tally';

export const CHANNEL_SCHEMAS: readonly TestSchema[] = ['none', 'at once', 'later', 'another output'];

/** One topic: how it is read while it is published to, and the seeds of what is published. */
export interface ChannelCase {
  readonly schema: TestSchema;
  readonly reader: Reader;
  /** Whether each publication waits for the one before. */
  readonly isPatient: boolean;
  readonly seeds: readonly number[];
}

const LENGTH = 300;
/** Publications of which one has options. */
const WITH_OPTIONS = 12;

export function channelCase(random: SeededRandom): ChannelCase {
  return {
    schema: random.pick(CHANNEL_SCHEMAS),
    reader: random.pick(READERS),
    isPatient: random.below(2) === 0,
    seeds: Array.from({ length: 1 + random.below(LENGTH) }, () => random.below(2 ** 31)),
  };
}

/** The last event of each case. */
const LAST = { event: LAST_EVENT, data: 0 };
const OWN: Sent = { event: { type: 'own', data: '1', id: undefined } };

/** Publishes the values, and compares what a subscriber gets, live and from the history, with what the model says. */
export async function runChannel(app: FuzzApp, { schema, reader, isPatient, seeds }: ChannelCase): Promise<CaseReport> {
  const topic = app.newTopic();
  const channel = app.channel(schema);
  const isLast = ({ type }: { type: string }): boolean => type === LAST.event;
  const live = app.topic(reader, schema, topic, 'tip', isLast);
  if (!(await live.begun())) {
    return crashed(`the subscriber did not begin: ${live.status}`);
  }
  const publications: Promise<Publication>[] = [];
  const keys = new Set<string>();
  for (const seed of seeds) {
    const publication = publish(seed, keys, (event, options) => channel.publish(event, { topic, ...options }));
    publications.push(publication);
    if (isPatient) {
      await publication;
    }
  }
  const outcomes = await Promise.all(publications);
  const last = await channel.publish(LAST, { topic });
  const history = app.topic('returned', schema, topic, 'oldest', isLast);
  const [isLiveEnough, isHistoryEnough] = await Promise.all([live.end(), history.end()]);
  live.leave();
  history.leave();
  if (!isLiveEnough || !isHistoryEnough) {
    return crashed(`the last event did not come, after ${show((isLiveEnough ? history : live).body.slice(-200))}`);
  }
  const tally = newTally();
  const findings: Finding[] = [];
  const sent: Sent[] = [];
  const firstOf = new Map<string, string>();
  for (const [index, outcome] of outcomes.entries()) {
    const expected = expectation(seeds[index]!, outcome, schema);
    tally.events++;
    if (outcome.isDuplicate) {
      tally.dropped++;
    } else if (outcome.id === undefined) {
      tally.refused++;
    } else {
      tally.delivered++;
    }
    const { key } = outcome;
    if (outcome.id !== undefined && key !== undefined) {
      const first = firstOf.get(key);
      if ((first === undefined) === outcome.isDuplicate || (first ?? outcome.id) !== outcome.id) {
        findings.push({
          kind: 'lost',
          message: `publication ${index}: its key ${show(key)} was ${show(first)}, and is ${show(outcome)}`,
        });
      }
      firstOf.set(key, outcome.id);
    }
    if (outcome.id !== undefined && expected.outcome !== 'sent') {
      findings.push({ kind: 'wrong', message: `publication ${index} was taken, and is to be refused` });
    } else if (outcome.id === undefined && expected.outcome === 'sent' && expected.isCertain) {
      findings.push({ kind: 'wrong', message: `publication ${index} was refused: ${show(String(outcome.error))}` });
    } else if (outcome.id !== undefined && expected.outcome === 'sent' && !outcome.isDuplicate) {
      sent.push(...expected.sent.map((one) => withId(one, outcome.id!)));
    }
  }
  sent.push({ event: { type: LAST.event, data: JSON.stringify(LAST.data), id: last.id } });
  const asRead =
    reader === 'loop' ? sent.flatMap((one) => (one.event?.type === LAST.event ? [one] : [one, OWN])) : sent;
  return {
    tally,
    findings: [
      ...findings,
      ...judge(asRead, live.events, live.body),
      ...judge(sent, history.events, history.body).map(({ kind, message }) => ({
        kind,
        message: `from the history: ${message}`,
      })),
    ],
  };
}

interface Publication {
  readonly id: string | undefined;
  readonly isDuplicate: boolean;
  readonly error?: unknown;
  readonly key: string | undefined;
  /** Whether its options are to be refused, whatever is published. */
  readonly isMistaken: boolean;
}

type Publish = (event: never, options: object) => Promise<{ readonly id: string; readonly duplicate: boolean }>;

async function publish(seed: number, keys: Set<string>, call: Publish): Promise<Publication> {
  const [options, isMistaken] = optionsOf(seed, keys);
  const { key } = options as { readonly key?: string };
  try {
    const { id, duplicate } = await call(recipeOf(seed).make() as never, options);
    return { id, key, isDuplicate: duplicate, isMistaken };
  } catch (error) {
    return { id: undefined, key, isDuplicate: false, error, isMistaken };
  }
}

/** Seldom a key, which may be no key, or what is no option. */
function optionsOf(seed: number, keys: Set<string>): [options: object, isMistaken: boolean] {
  const random = new SeededRandom(seed + 1);
  if (random.below(WITH_OPTIONS) > 0 || recipeOf(seed).isUnwatched) {
    return [{}, false];
  }
  switch (random.below(4)) {
    case 0:
      return [random.pick<object>([{ topics: ['a'] }, { topic: 7 }, { topic: 'a\nb' }, { key: 7 }, { key: '' }]), true];
    case 1: {
      const known = [...keys].at(random.below(keys.size || 1));
      return [known === undefined ? {} : { key: known }, false];
    }
    default: {
      const key = hostileText(random);
      const isKey = key !== '' && key.length <= 256 && key.isWellFormed();
      if (isKey) {
        keys.add(key);
      }
      return [{ key }, !isKey];
    }
  }
}

function expectation(seed: number, { isMistaken }: Publication, schema: TestSchema): Expectation {
  return isMistaken ? { outcome: 'refused' } : publicationOf(recipeOf(seed).meaning, modelSchema(schema));
}

function withId(sent: Sent, id: string): Sent {
  return sent.event ? { ...sent, event: { ...sent.event, id } } : sent;
}

/** The position comes first, and there is no gap. */
function judge(sent: readonly Sent[], events: Parameters<typeof compare>[1], body: string): Finding[] {
  const [start] = events;
  if (start?.type !== 'start') {
    return [{ kind: 'wrong', message: `the first event is ${show(start)}` }];
  }
  return compare([{ event: { type: 'start', data: start.data, id: start.lastEventId } }, ...sent], events, body);
}

function crashed(message: string): CaseReport {
  return { tally: newTally(), findings: [{ kind: 'crashed', message }] };
}
