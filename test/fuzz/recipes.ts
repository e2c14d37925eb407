import { sseEvent, ServerSentEvent } from 'nestjs-sse-views';
import { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { anyData, Row } from './data';
import type { DataMeaning, FieldsMeaning, Recipe } from './meaning';
import { hostileText, lineText, noText, unwatched } from './strings';

class RowEvent extends ServerSentEvent(Row) {}

const ENVELOPE_KEYS: ReadonlySet<string> = new Set(['event', 'data', 'id', 'retry', 'comment']);

/** A value of any kind, the same for the same seed. */
export function recipeOf(seed: number): Recipe {
  const random = new SeededRandom(seed);
  const kind = random.below(100);
  if (kind < 30) {
    return dataAlone(random);
  }
  if (kind < 55) {
    return envelope(random);
  }
  if (kind < 70) {
    return row(random);
  }
  if (kind < 85) {
    return made(random);
  }
  if (kind < 95) {
    return instance(random);
  }
  return kind < 98 ? promise(random) : odd(random);
}

function dataAlone(random: SeededRandom): Recipe {
  const any = anyData(random);
  // What is pulled is awaited: see `promise`.
  const data = isThenable(any.value) ? { ...any, value: [any.value] } : any;
  return { make: () => data.value, meaning: { is: 'data', data } };
}

/** An object with the keys of an envelope, `data` among them. */
function envelope(random: SeededRandom): Recipe {
  const fields = { ...anyFields(random, 0.3), data: dataOrNone(random) };
  const value = objectOf(fields, random);
  // Symbols and what is not enumerable are no keys.
  const plain = random.pick<() => unknown>([
    () => value,
    () => value,
    () => Object.assign(Object.create(null) as object, value),
    () => Object.freeze(value),
    () => new Proxy(value, {}),
    () => Object.assign(value, { [Symbol('key')]: 1 }),
    () => Object.defineProperty(value, 'hidden', { value: 1, enumerable: false }),
  ])();
  return { make: () => plain, meaning: { is: 'envelope', fields } };
}

/** An object with keys of an envelope and others, or without `data`: a row of the application, whatever its keys say. */
function row(random: SeededRandom): Recipe {
  const value: Record<string, unknown> = {};
  const keys = ['event', 'data', 'id', 'retry', 'comment', 'type', 'raw', 'name', 'Data', 'message', ' data'];
  for (let left = 1 + random.below(4); left > 0; left--) {
    value[random.pick(keys)] = random.pick<unknown>([hostileText(random), random.below(9), null, true, ['a']]);
  }
  if ('data' in value && Object.keys(value).every((key) => ENVELOPE_KEYS.has(key))) {
    value['other'] = hostileText(random);
  }
  const data: DataMeaning = { value, isExpressible: 'yes' };
  return { make: () => value, meaning: { is: 'data', data } };
}

/** What `sseEvent()` takes or refuses. */
function made(random: SeededRandom): Recipe {
  const fields: { -readonly [K in keyof FieldsMeaning]: FieldsMeaning[K] } = anyFields(random, 0.2);
  const form = random.below(10);
  if (form < 4) {
    fields.data = dataOrNone(random);
  } else if (form < 7) {
    fields.raw = random.below(12) === 0 ? noText(random) : hostileText(random);
  } else if (form < 8) {
    delete fields.event;
    delete fields.id;
  } else if (form < 9) {
    fields.raw = hostileText(random);
    fields.data = dataOrNone(random);
  }
  const value = objectOf(fields, random);
  if (random.below(40) === 0) {
    const wrong = { ...value, [random.pick(['type', 'name', 'Data', '__proto__x'])]: 1 };
    return { make: () => sseEvent(wrong as never), meaning: { is: 'impossible' } };
  }
  return { make: () => sseEvent(value as never), meaning: { is: 'made', fields } };
}

function instance(random: SeededRandom): Recipe {
  const fields = { ...anyFields(random, 0.3), data: dataOrNone(random) };
  const value = new RowEvent(objectOf(fields, random) as never);
  return { make: () => value, meaning: { is: 'envelope', fields } };
}

function promise(random: SeededRandom): Recipe {
  if (random.below(4) === 0) {
    return unwatchedPromise(random);
  }
  const { make, meaning: of } = random.below(2) === 0 ? dataAlone(random) : envelope(random);
  const value = make();
  const promised = random.pick<() => unknown>([
    () => Promise.resolve(value),
    () => ({ then: (resolve: (result: unknown) => void) => resolve(value) }),
  ])();
  return { make: () => promised, meaning: { is: 'promise', of, promised } };
}

/** An `await` is forgotten, and what was to be awaited fails. */
function unwatchedPromise(random: SeededRandom): Recipe {
  const refused: DataMeaning = { value: undefined, isExpressible: 'no' };
  return random.pick<Recipe>([
    { make: () => unwatched(), meaning: { is: 'promise', of: undefined }, isUnwatched: true },
    { make: () => ({ data: unwatched() }), meaning: { is: 'envelope', fields: { data: refused } }, isUnwatched: true },
    { make: () => ({ data: 1, event: unwatched() }), meaning: { is: 'impossible' }, isUnwatched: true },
    { make: () => sseEvent({ comment: unwatched() as never }), meaning: { is: 'impossible' }, isUnwatched: true },
    { make: () => ({ rows: [{}, unwatched()] }), meaning: { is: 'data', data: refused }, isUnwatched: true },
    {
      make: () => sseEvent({ data: unwatched() }),
      meaning: { is: 'made', fields: { data: refused } },
      isUnwatched: true,
    },
  ]);
}

/** What is no event at all. */
function odd(random: SeededRandom): Recipe {
  const value = random.pick<() => unknown>([
    () => undefined,
    () => ({
      get data() {
        throw new Error('a getter of an envelope');
      },
    }),
    () =>
      new Proxy(
        {},
        {
          ownKeys() {
            throw new Error('a trap');
          },
          getPrototypeOf() {
            throw new Error('a trap');
          },
        },
      ),
  ])();
  return { make: () => value, meaning: { is: 'impossible' } };
}

function isThenable(value: unknown): boolean {
  try {
    return typeof (value as { then?: unknown } | null)?.then === 'function';
  } catch {
    return true;
  }
}

function dataOrNone(random: SeededRandom): DataMeaning {
  return random.below(30) === 0 ? { value: undefined, isExpressible: 'yes' } : anyData(random);
}

/** Fields beside the data, each there with this probability. */
function anyFields(random: SeededRandom, probability: number): FieldsMeaning {
  const isThere = (): boolean => random.next() < probability;
  return {
    ...(isThere() && { event: random.below(20) === 0 ? noText(random) : lineText(random) }),
    ...(isThere() && { id: anyId(random) }),
    ...(isThere() && {
      retry: random.pick<unknown>([
        0,
        -0,
        5,
        3_000,
        Number.MAX_SAFE_INTEGER,
        5,
        7,
        5e-1,
        -1,
        NaN,
        '5\ndata: x',
        null,
        true,
        2 ** 60,
      ]),
    }),
    ...(isThere() && { comment: random.below(12) === 0 ? noText(random) : hostileText(random) }),
    ...(random.below(20) === 0 && { event: undefined }),
    ...(random.below(20) === 0 && { id: undefined }),
  };
}

export function anyId(random: SeededRandom): unknown {
  return random.pick<() => unknown>([
    () => lineText(random),
    () => lineText(random),
    () => lineText(random),
    () => random.below(1_000),
    () => hostileText(random),
    () => random.pick([NaN, Infinity, -1.5, 1e30]),
    () => noText(random),
  ])();
}

/** The object that a developer writes for these fields, in any order. */
function objectOf(fields: FieldsMeaning, random: SeededRandom): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]): [string, unknown] => [
    key,
    key === 'data' ? (value as DataMeaning | undefined)?.value : value,
  ]);
  return Object.fromEntries(random.below(2) === 0 ? entries : entries.toReversed());
}
