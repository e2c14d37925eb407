import type { SeededRandom } from '../seeded-random';

/** Payloads that some engine, or some way to it, might change. All are well-formed. */
export const ODD_PAYLOADS: readonly string[] = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\n',
  '\r',
  '\r\n',
  '\n\r\n\n',
  'ends with a line\n',
  ' \t spaces \t ',
  '\u0001\u001f\u007f\u0080\u009f\u00ad',
  '\u0085\u2028\u2029\u000b\u000c',
  '\uFEFFbegins with a byte order mark',
  '\uFFFD\uFFFE\uFFFF',
  'ï»¿Ã© latin-1 that looks like UTF-8',
  'é e\u0301 are not the same',
  '👩‍🚀 🏳️‍🌈 \u{10FFFF}',
  'שלום مرحبا 你好 \u202Ereversed',
  'null',
  'undefined',
  '0',
  '-0',
  '1e999',
  '123456789012345678901234567890',
  'true',
  '{"a":"\\u0000\\ud800"}',
  '[1,2',
  '"quoted"',
  `'; DROP TABLE events; --`,
  'back\\slash \\n \\u0041 \\x41 %00 %0A $1 ${x} {{x}}',
  '$5\r\nhello\r\n*2\r\n',
  '+OK\r\n-ERR no\r\n:1\r\n',
  'event: start\ndata: {}\n\n',
  'id: ~end\n\n',
  '~end',
  '*',
  '0-0',
  '__proto__',
  'toString',
];

/** Ends of topics that some engine might take for the same, or for something of its own. */
export const ODD_TOPICS: readonly string[] = [
  '',
  '/',
  '//',
  '/a',
  '/a/',
  '/A',
  'a',
  ':a',
  '.a',
  '.>',
  '.*',
  '*',
  '?',
  '[a]',
  '{a}',
  '{a}b',
  ' ',
  ' a',
  'a ',
  '"',
  `'`,
  '\\',
  '%2F',
  '#a',
  '\u2028',
  'é',
  'e\u0301',
  'ß',
  'ss',
  'İ',
  'i',
  '🎈',
  '__proto__',
  'constructor',
  'x'.repeat(190),
  `${'x'.repeat(189)}y`,
];

const RANGES: readonly (readonly [number, number])[] = [
  [0, 0x1f],
  [0x20, 0x7e],
  [0x7f, 0x7ff],
  [0x800, 0xd7ff],
  [0xe000, 0xffff],
  [0x1_0000, 0x10_ffff],
];

/** A well-formed string of characters from everywhere. */
export function randomPayload(random: SeededRandom): string {
  let payload = '';
  for (let left = random.below(40); left > 0; left--) {
    const [first, last] = random.pick(RANGES);
    payload += String.fromCodePoint(first + random.below(last - first + 1));
  }
  return payload;
}
