import { printable, quoted, show } from '../../src/event/printable';
import { SseFieldError, SseValidationError } from '../../src/event/sse.error';
import { encodeMessage } from '../../src/event/encode';
import { SseCursorError } from '../../src/postgres/cursor.error';
import { outcomeUnknown, unavailable } from '../../src/redis/redis-error';

const MILLION = 'x'.repeat(1_000_000);
const HOSTILE = `a\n\u001b[31m\u202e${MILLION}`;

/** What no text from outside may bring into a line of the log. */
const HARMFUL: readonly (readonly [name: string, text: string, shown: string])[] = [
  ['a line feed', 'a\nb', 'a\\nb'],
  ['a carriage return', 'a\rb', 'a\\rb'],
  ['a tab', 'a\tb', 'a\\tb'],
  ['an ANSI sequence', '\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m'],
  ['an ANSI sequence of one byte', '\u009b31m', '\\u009b31m'],
  ['NUL, backspace and DEL', '\0\b\u007f', '\\u0000\\u0008\\u007f'],
  ['separators of lines', '\u0085\u2028\u2029', '\\u0085\\u2028\\u2029'],
  ['overrides of direction', '\u202a\u202b\u202c\u202d\u202e', '\\u202a\\u202b\\u202c\\u202d\\u202e'],
  ['isolates of direction', '\u2066\u2067\u2068\u2069', '\\u2066\\u2067\\u2068\\u2069'],
  ['marks of direction', '\u061c\u200e\u200f', '\\u061c\\u200e\\u200f'],
  ['what is invisible', '\u200b\ufeff\u2060', '\\u200b\\ufeff\\u2060'],
  ['invisible tags', '\u{e0001}\u{e0041}', '\\u{e0001}\\u{e0041}'],
  ['a lone surrogate', 'a\ud800b\udc00', 'a\\ud800b\\udc00'],
];

describe('a text from outside', () => {
  it.each(HARMFUL)('is shown with %s escaped', (_name, text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(quoted(text)).toBe(`"${shown}"`);
    expect(show(text)).toBe(`"${shown}"`);
  });

  it.each(['plain', 'größer als 5 €', '注文', 'سلام', 'می‌خواهم', '👩‍👩‍👧', '"a" \\ b', ''])(
    'stays as it is: %j',
    (text) => {
      expect(printable(text)).toBe(text);
    },
  );

  it('cannot end the quotation marks around it', () => {
    expect(quoted('a" is fine, "b')).toBe('"a\\" is fine, \\"b"');
    expect(quoted('a\\')).toBe('"a\\\\"');
  });

  it('is cut, and says how much is left out', () => {
    expect(printable('abcdef', 4)).toBe('abcd… (2 more characters)');
    expect(quoted('abcdef', 4)).toBe('"abcd"… (2 more characters)');
    expect(printable(MILLION).length).toBeLessThan(600);
    expect(quoted(MILLION)).toBe(`"${'x'.repeat(100)}"… (999900 more characters)`);
  });

  it('is not cut within a pair of surrogates', () => {
    expect(printable('ab😀cd', 3)).toBe('ab… (4 more characters)');
    expect(printable('ab😀cd', 4)).toBe('ab😀… (2 more characters)');
  });

  it('of any code unit and length is one line of a bounded length, well formed and without control characters', () => {
    for (let code = 0; code <= 0xffff; code++) {
      const text = printable(`a${String.fromCharCode(code)}b`);
      expect(text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)).toBe(true);
    }
    expect(printable('\u001b'.repeat(1_000_000)).length).toBeLessThan(500 * 6 + 50);
  });
});

describe('any value', () => {
  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [5, '5'],
    [7n, '7'],
    [true, 'true'],
    [Symbol('a\nb'), 'Symbol(a\\nb)'],
    [() => 1, 'a function'],
    [{ a: 1, b: ['c'] }, "{ a: 1, b: [ 'c' ] }"],
    [new Map([[1, 2]]), 'Map(1) { 1 => 2 }'],
  ])('is shown: %p', (value, shown) => {
    expect(show(value)).toBe(shown);
  });

  it('is shown where it holds itself, a text of a million characters, or a getter that throws', () => {
    const circle: Record<string, unknown> = { text: MILLION };
    circle['self'] = circle;
    Object.defineProperty(circle, 'worse', {
      enumerable: true,
      get: () => {
        throw new Error('not this one');
      },
    });
    expect(show(circle, 1_000)).toMatch(/^<ref \*1> \{ text: 'x{100}'\.\.\. 999900 more characters, self: \[Circular/);
    expect(show(circle).length).toBeLessThan(150);
  });

  it('is shown where it is a proxy that refuses everything', () => {
    const refuse = (): never => {
      throw new Error('no');
    };
    expect(typeof show(new Proxy({}, { get: refuse, ownKeys: refuse, getPrototypeOf: refuse }))).toBe('string');
  });
});

describe('the message of an error', () => {
  const message = (path: PropertyKey[], text = 'is wrong', event?: string): string =>
    new SseValidationError([{ path, message: text }], event).message;

  it('of the validation keeps plain names as they are', () => {
    expect(message(['items', 0, 'unit-price', '$id'], 'Expected number, received string', 'tick')).toBe(
      'The data of event "tick" do not fit the response schema: items.0.unit-price.$id: Expected number, received string',
    );
  });

  it.each(HARMFUL)('of the validation escapes %s in keys, issues and names', (_name, text, shown) => {
    expect(message(['a', text], text, text)).toBe(
      `The data of event "${shown}" do not fit the response schema: a."${shown}": ${shown}`,
    );
  });

  it('of the validation is bounded in each part and in their number', () => {
    const issue = { path: Array<string>(10_000).fill(MILLION), message: MILLION };
    const error = new SseValidationError(
      Array.from({ length: 100_000 }, () => issue),
      MILLION,
    );
    expect(error.issues).toHaveLength(100_000);
    expect(error.message.length).toBeLessThan(5_000);
    expect(error.message).toMatch(/; and 9999\d more$/);
  });

  it('of the validation names ten short findings, and how many more there are', () => {
    const issues = Array.from({ length: 12 }, (_, index) => ({ path: ['list', index], message: 'no' }));
    expect(new SseValidationError(issues).message).toMatch(/list\.0: no; .*; list\.9: no; and 2 more$/);
  });

  it('of the validation takes a name of an event that is no text', () => {
    const name = { toString: () => 'a\nb' } as unknown as string;
    expect(() => message([], 'no', name)).not.toThrow();
    expect(message([], 'no', name)).not.toContain('\n');
  });

  it('of data that JSON cannot express is one line, whatever their keys are', () => {
    const data: Record<string, unknown> = {};
    data['key\n[Nest] forged\u001b[31m'] = data;
    const encode = (): unknown => encodeMessage({ data } as never);
    expect(encode).toThrow(SseFieldError);
    expect(encode).toThrow(/^The event's data cannot be written as JSON: Converting circular \P{Cc}*$/u);
  });

  it('of data whose toJSON throws what is no error tells what that was', () => {
    const data = {
      toJSON: () => {
        throw null;
      },
    };
    expect(() => encodeMessage({ data } as never)).toThrow("The event's data cannot be written as JSON: null");
  });

  it.each([[7n], [undefined], ['a\nb'], [{ a: 1n }]])('of a cursor that is %p can be made', (cursor) => {
    expect(new SseCursorError('invalid', cursor).message).toMatch(/The cursor: [^\n]+$/);
  });

  it.each([
    ['that refuses', () => unavailable(new Error(`ERR unknown '${HOSTILE}'`))],
    ['that does not answer', () => outcomeUnknown(new Error(HOSTILE))],
    ['that throws what is no error', () => unavailable(HOSTILE)],
  ])('of an engine %s is one bounded line', (_what, make) => {
    const text = make().message;
    expect(text).toContain('\\u001b[31m');
    expect(text).toMatch(/^Redis [^\p{Cc}\p{Cf}]*$/u);
    expect(text.length).toBeLessThan(1_000);
  });
});
