import type { SeededRandom } from '../../src/testing/backplane/seeded-random';

/** Of what an injection would be made, and characters that some reader treats as special. */
const PIECES = [
  '\n',
  '\r',
  '\r\n',
  '\n\n',
  '\r\r',
  '\n\ndata: injected\n\n',
  '\revent: injected\r',
  'data: injected',
  'event: injected',
  'id: 666',
  'retry: 1',
  ':',
  ': ',
  ' ',
  '\0',
  '\t',
  '\v',
  '\f',
  '\u001b[31m',
  '\u007f',
  '\u0085',
  '\u009f',
  '\u00a0',
  '\u2028',
  '\u2029',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\udc00',
  '\ud83d\ude00',
  'ï»¿',
  '~',
  '~end',
  '"',
  '\\',
  '{"data":1}',
  '漢字',
  'plain text',
  'x',
  '0',
];

const OWN_NAMES = ['start', 'gap', 'snapshot', 'end', 'stream-error', 'ping', '~', '~end', '~anything'];

/** One text in so many is as long as this. */
const HUGE = { oneIn: 20_000, length: 1_000_000 };

export function hostileText(random: SeededRandom): string {
  if (random.below(HUGE.oneIn) === 0) {
    return random
      .pick(PIECES)
      .repeat(HUGE.length / 10)
      .slice(0, HUGE.length);
  }
  let text = '';
  for (let left = random.below(5); left > 0; left--) {
    text += random.pick(PIECES);
  }
  return text;
}

/** A text without what would be refused in a name or an id, more often than not. */
export function lineText(random: SeededRandom): string {
  switch (random.below(12)) {
    case 0:
      return hostileText(random);
    case 1:
      return random.pick(OWN_NAMES);
    case 2:
      return 'n'.repeat(1_020 + random.below(10));
    case 3:
      return '';
    default:
      return `${random.pick(['price', 'a b', 'é', '漢字 ', '\ufeffx', '😀', 'start-', '"', ':x'])}${random.below(1_000)}`;
  }
}

/** What is no text at all, for fields that take only text. */
export function noText(random: SeededRandom): unknown {
  return random.pick<() => unknown>([
    () => null,
    () => true,
    () => 5n,
    () => ({ toString: () => 'a\nb' }),
    () => Symbol('name'),
    () => ['a'],
    () => new String('a\nb'),
    () => () => 'a',
    () => Promise.resolve('a'),
    () => rejected(),
  ])();
}

/** A promise that fails. Something waits for it, so that it costs nothing where the library never sees it. */
export function rejected(): Promise<never> {
  const promise = unwatched();
  promise.catch(() => undefined);
  return promise;
}

/** A promise that fails though nobody waits for it: an application that forgets an `await` must not die of it. */
export function unwatched(): Promise<never> {
  return Promise.reject(new Error('a promise that nobody waits for'));
}
