import { inspect } from 'node:util';

/** Most characters of a name that are shown: of an event, a topic, a key, a property. */
const MAX_NAME = 100;
/** Most characters of a sentence that are shown: of an issue, or of an engine's error. */
const MAX_TEXT = 500;

/**
 * Control characters, the invisible characters that format text (those that change its direction among them), lone
 * surrogates, and separators of lines. The two joiners are letters of some languages, and part of emoji.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** Within quotation marks, they and the escape itself are ambiguous, too. */
const UNQUOTABLE = new RegExp(`["\\\\]|${UNPRINTABLE.source}`, 'gu');

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
};

/**
 * A text from outside, so that it can stand in a log line, a message or a header: on one line, with nothing in it that a
 * terminal obeys, and of a bounded length. Whatever a client, a row or another program may choose goes through here.
 *
 * @param max most characters of it that are shown; how many are left out is said.
 */
export function printable(text: string, max = MAX_TEXT): string {
  const shown = beginning(text, max);
  return `${shown.replace(UNPRINTABLE, escapeCharacter)}${rest(text, shown)}`;
}

/** As `printable`, in quotation marks: a name or a place among the words of a message. */
export function quoted(text: string, max = MAX_NAME): string {
  const shown = beginning(text, max);
  return `"${shown.replace(UNQUOTABLE, escapeCharacter)}"${rest(text, shown)}`;
}

/** Any value, short and printable: a text in quotation marks, an object by its first properties. */
export function show(value: unknown, max = MAX_NAME): string {
  switch (typeof value) {
    case 'string':
      return quoted(value, max);
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : printable(inspected(value), max);
    default:
      return printable(String(value), max);
  }
}

function inspected(value: object): string {
  const bounds = { depth: 1, maxArrayLength: 10, maxStringLength: MAX_NAME, breakLength: Infinity };
  try {
    // Nothing of the object's own is called.
    return inspect(value, { ...bounds, customInspect: false, getters: false });
  } catch {
    return 'an object that cannot be shown';
  }
}

function beginning(text: string, max: number): string {
  if (text.length <= max) {
    return text;
  }
  const isWithinPair = /[\ud800-\udbff]/.test(text[max - 1]!) && /[\udc00-\udfff]/.test(text[max]!);
  return text.slice(0, isWithinPair ? max - 1 : max);
}

function rest(text: string, shown: string): string {
  const left = text.length - shown.length;
  return left === 0 ? '' : `… (${left} more characters)`;
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  return SHORT_ESCAPES[character] ?? (code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`);
}
