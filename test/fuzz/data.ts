import { of } from 'rxjs';
import type { SeededRandom } from '../../src/testing/backplane/seeded-random';
import type { DataMeaning } from './meaning';
import { hostileText, rejected } from './strings';

/** A class of rows. */
export class Row {
  [key: string]: unknown;

  constructor(fields: object) {
    Object.assign(this, fields);
  }
}

class Money {
  constructor(private readonly amount: unknown) {}

  toJSON(): unknown {
    return { amount: this.amount };
  }
}

/** Depth of what is nested deeply. Whether JSON can write it depends on the stack that is left. */
const DEEP = 6_000;

/** Values that JSON can express. */
const SOUND: readonly ((random: SeededRandom) => unknown)[] = [
  (random) => hostileText(random),
  (random) => hostileText(random),
  (random) => random.below(2_000_000) - 1_000_000,
  (random) => random.next() * 1e9,
  (random) => random.pick([0, -0, 1e21, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER]),
  (random) => random.pick([true, false, null]),
  (random) => new Date(random.below(2 ** 31)),
  (random) => new Money(hostileText(random)),
  (random) => new String(hostileText(random)),
  () => new Number(5),
  (random) => new Row({ text: hostileText(random), n: random.below(10) }),
  () => new Row({}),
  () => new URL('https://example.org/?a=%0A'),
  (random) => Object.assign(Object.create(null), { [hostileText(random)]: 1 }),
  (random) => ({ ['__proto__']: hostileText(random) }),
  () => JSON.parse('{"__proto__":{"data":1},"constructor":1,"toJSON":1}'),
  (random) => new Proxy({ text: hostileText(random) }, {}),
  (random) => Object.freeze({ frozen: hostileText(random) }),
  () => ({ absent: undefined, method: () => 1, [Symbol('key')]: 1 }),
  () => ({ then: 'no promise' }),
  (random) => {
    const text = hostileText(random);
    return {
      get text() {
        return text;
      },
    };
  },
];

/** Values that JSON cannot express, or for which it has something else. */
const UNSOUND: readonly ((random: SeededRandom) => unknown)[] = [
  () => 5n,
  () => NaN,
  (random) => random.pick([Infinity, -Infinity]),
  () => new Map([['a', 1]]),
  () => new Set([1]),
  () => new WeakMap(),
  () => new Error('a\nb'),
  () => /a/,
  () => Buffer.from('a\nb'),
  () => new Uint8Array(3),
  () => new Uint8Array(0),
  () => new Float64Array(2),
  () => new ArrayBuffer(4),
  () => new DataView(new ArrayBuffer(4)),
  () => new Date(NaN),
  () => Promise.resolve(1),
  () => rejected(),
  () => of(1),
  () => [1][Symbol.iterator](),
  () =>
    (async function* () {
      yield 1;
    })(),
  () => ({
    get text() {
      throw new Error('a getter');
    },
  }),
  () => ({
    toJSON() {
      throw new Error('a toJSON\n\ndata: injected\n\n');
    },
  }),
  () => ({ toJSON: () => 5n }),
  () => ({ toJSON: () => ({ at: [new Map()] }) }),
  () => [1, undefined],
  () => [{ then: () => undefined }],
  () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = [circle];
    return circle;
  },
  () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
];

/** As `UNSOUND`, where they are all there is: inside of something, JSON leaves them out, as it does what is undefined. */
const UNSOUND_ALONE: readonly (() => unknown)[] = [() => Symbol('data'), () => () => 1];

/** As `UNSOUND_ALONE`, in a list, where JSON writes `null` for them. */
const inList = (value: unknown): unknown => [1, [value]];

/** Something around a value. */
const AROUND: readonly ((value: unknown, random: SeededRandom) => unknown)[] = [
  (value) => [value],
  (value) => ({ value }),
  (value, random) => ({ [`${hostileText(random)}.`]: value, other: hostileText(random) }),
  (value) => ({ data: value, other: 1 }),
  (value) => ({ event: 'a', data: { data: value }, id: 1, more: 1 }),
  (value) => new Row({ value }),
  (value) => ({ list: [null, {}, { value }] }),
];

/** Data of any kind. Where they look like an envelope, they are not to be yielded as they are. */
export function anyData(random: SeededRandom): DataMeaning {
  const kind = random.below(100);
  if (kind < 70) {
    return { value: nested(random, random.pick(SOUND)(random)), isExpressible: 'yes' };
  }
  if (kind < 95) {
    return { value: nested(random, random.pick(UNSOUND)(random)), isExpressible: 'no' };
  }
  if (kind < 98) {
    const value = random.pick(UNSOUND_ALONE)();
    return { value: random.below(2) === 0 ? value : inList(value), isExpressible: 'no' };
  }
  if (random.below(40) > 0) {
    return { value: hostileText(random), isExpressible: 'yes' };
  }
  let deep: unknown = 1;
  for (let depth = 0; depth < DEEP; depth++) {
    deep = [deep];
  }
  return { value: deep, isExpressible: 'maybe', json: `${'['.repeat(DEEP)}1${']'.repeat(DEEP)}` };
}

function nested(random: SeededRandom, value: unknown): unknown {
  let around = value;
  for (let left = random.pick([0, 0, 1, 2]); left > 0; left--) {
    around = random.pick(AROUND)(around, random);
  }
  return around;
}
