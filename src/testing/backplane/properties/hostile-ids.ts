import type { SeededRandom } from '../seeded-random';

const NO_POSITIONS: readonly string[] = [
  '',
  ' ',
  '\0',
  '\r\n',
  '\u0007\u001b[2J',
  'é',
  '🎈',
  '\uD800',
  'id: 1\ndata: evil\n\n',
  '../../etc/passwd',
  '*',
  '$',
  '>',
  '+',
  '%00',
  `' OR 1=1 --`,
  '{"$gt":""}',
  '9'.repeat(97),
  'a'.repeat(16_384),
  '-'.repeat(16_384),
  '.'.repeat(16_384),
  '0'.repeat(16_384),
  `${'1-'.repeat(8_192)}!`,
  `${'a.'.repeat(8_192)}\0`,
  '1'.repeat(1_048_576),
];

const NEVER_GIVEN: readonly string[] = [
  '0',
  '00',
  '-1',
  '1',
  '-',
  '.',
  '~',
  '0-0',
  '0.0',
  '-.',
  '.-1',
  '1e999',
  '1e999-1.1e999',
  'NaN',
  'Infinity',
  '0x10',
  '~end',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  '18446744073709551615-18446744073709551615',
  '9'.repeat(96),
];

/** Changes of a position that no acknowledgement has named. */
const CHANGES: readonly ((position: string) => string)[] = [
  (position) => addTo(position, 1n),
  (position) => addTo(position, 1_000n),
  (position) => addTo(position, 2n ** 53n),
  (position) => addTo(position, 10n ** 30n),
  (position) => position.replace(/(\d+)$/, '0$1'),
  (position) => position.replace(/(\d+)$/, '-$1'),
  (position) => position.replace(/(\d+)$/, '1e$1'),
  (position) => position.replace(/(\d+)$/, '$1e5'),
  (position) => position.replace(/(\d+)$/, '$1.5'),
  (position) => position.replace(/(\d+)$/, '~$1'),
  (position) => position.replace(/(\d+)$/, ''),
  (position) => `${position}0000000`,
  (position) => `${position}.1`,
  (position) => `${position}-1`,
  (position) => `-${position}`,
  (position) => ` ${position}`,
  (position) => `${position}\n`,
  (position) => `${position}\0`,
  (position) => `${position},${position}`,
  (position) => `${position} `,
  (position) => position.slice(1),
  (position) => `${[...position].toReversed().join('')}x`,
];

/**
 * What a client may send as its last event id without having been given it.
 *
 * @param tip gives the topic's newest position, of which the next ids are made.
 */
export function* hostileIds(tip: () => string, random: SeededRandom): Generator<string> {
  yield* NO_POSITIONS;
  yield* NEVER_GIVEN;
  for (const change of CHANGES) {
    const position = tip();
    const changed = change(position);
    if (changed !== position) {
      yield changed;
    }
  }
  for (let count = 0; count < 50; count++) {
    yield Array.from({ length: 1 + random.below(60) }, () => random.pick([...'0123456789abcxyz-._~'])).join('');
  }
}

function addTo(position: string, increment: bigint): string {
  return position.replace(/\d+$/, (number) => String(BigInt(number) + increment));
}
