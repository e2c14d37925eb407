import { errorKind, errorLine, errorText, messageOf } from '../../src/event/error-text';

const MILLION = 'x'.repeat(1_000_000);

function throwing(): never {
  throw new Error('not this one');
}

describe('the text of an error', () => {
  it('has its name, its message and its stack', () => {
    const text = errorText(new TypeError('boom'));
    expect(text).toMatch(/^TypeError: boom\n {4}at .*error-text\.test\.ts/);
  });

  it('has its causes, each with its stack', () => {
    const cause = new RangeError('inner', { cause: new Error('innermost', { cause: 'a text' }) });
    const text = errorText(new Error('outer', { cause }));
    expect(text).toMatch(
      /^Error: outer\n( {4}at .*\n)+ {2}Caused by: RangeError: inner\n( {6}at .*\n)+ {6}… \(\d+ more, as above\)\n {4}Caused by: Error: innermost\n( {8}at .*\n)+ {8}… \(\d+ more, as above\)\n {6}Caused by: Not an Error: "a text"$/,
    );
  });

  it('has the parts of an AggregateError, and says how many there are', () => {
    const errors = Array.from({ length: 7 }, (_, index) => new Error(`part ${index}`));
    const text = errorText(new AggregateError(errors, 'all failed'));
    expect(text).toContain('AggregateError: all failed');
    expect(text).toContain('Part 1 of 7: Error: part 0');
    expect(text).toContain('Part 5 of 7: Error: part 4');
    expect(text).not.toContain('part 5');
  });

  it('has the code that the message does not have, and no other property', () => {
    const error = Object.assign(new Error('refused'), { code: '42P01', config: { password: 'secret' } });
    expect(errorText(error)).toMatch(/^Error: refused \(code 42P01\)\n/);
    expect(errorText(error)).not.toContain('secret');
    const connect = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(errorText(connect)).toMatch(/^Error: connect ECONNREFUSED\n/);
  });

  it('names the class of an error that does not name itself', () => {
    class PaymentError extends Error {}
    expect(errorText(new PaymentError('no'))).toMatch(/^PaymentError: no\n/);
  });

  it('ends where causes go round', () => {
    const first = new Error('first');
    const second = new Error('second', { cause: first });
    first.cause = second;
    expect(errorText(first).match(/first/g)).toHaveLength(2);
    expect(errorText(first)).toContain('Caused by: Error: first (see above)');
  });

  it('is bounded where causes and parts go on for ever', () => {
    const tree = (depth: number): Error =>
      new AggregateError(depth === 0 ? [] : Array.from({ length: 6 }, () => tree(depth - 1)), MILLION, {
        cause: new Error(MILLION),
      });
    expect(errorText(tree(4)).length).toBeLessThan(20_000);
    let chain = new Error('the first of all');
    for (let index = 0; index < 10_000; index++) {
      chain = new Error(`error ${index}`, { cause: chain });
    }
    expect(errorText(chain)).not.toContain('the first of all');
    expect(errorText(chain)).toContain('are left out');
  });

  it('is bounded where the message has a million characters', () => {
    expect(errorText(new Error(MILLION)).length).toBeLessThan(6_000);
    expect(errorText(new Error(MILLION))).toMatch(/… \(99\d{4} more characters\)/);
    expect(errorText(new Error(MILLION))).toMatch(/\n {4}at /);
    expect(errorText(MILLION).length).toBeLessThan(3_000);
    expect(errorText(new Error('\n'.repeat(1_000_000))).length).toBeLessThan(20_000);
  });

  it('has no line that a message forged', () => {
    const text = errorText(new Error('bad\n[Nest] 1 - LOG forged\r\n    at forged (file.js:1:1)\n\u001b[2Jgone\rover'));
    const [first, ...lines] = text.split('\n');
    expect(first).toBe('Error: bad');
    expect(lines.slice(0, 3)).toEqual([
      '    | [Nest] 1 - LOG forged',
      '    |     at forged (file.js:1:1)',
      '    | \\u001b[2Jgone\\rover',
    ]);
    expect(lines.slice(3).every((line) => /^ {4}at /.test(line))).toBe(true);
    expect(text.match(/at forged/g)).toHaveLength(1);
  });

  it('is made where whatever is read throws', () => {
    const error = new Error('boom', { cause: 1 });
    for (const key of ['stack', 'message', 'name', 'cause', 'code', 'errors', 'constructor']) {
      Object.defineProperty(error, key, { get: throwing });
    }
    expect(errorText(error)).toBe('Error: its message cannot be read');
    const proxy: unknown = new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing, getPrototypeOf: throwing });
    expect(errorText(proxy)).toMatch(/^Not an Error: /);
    const parts = new AggregateError([1]);
    Object.defineProperty(parts, 'errors', { value: new Proxy([1], { get: throwing }) });
    expect(() => errorText(parts)).not.toThrow();
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['a text\nof two lines', '"a text\\nof two lines"'],
    [42, '42'],
    [{ status: 'down' }, "{ status: 'down' }"],
    [Symbol('s'), 'Symbol(s)'],
  ])('of %p, which is none, says what was thrown', (thrown, shown) => {
    expect(errorText(thrown)).toBe(`Not an Error: ${shown}`);
    expect(errorLine(thrown)).toBe(`Not an Error: ${shown}`);
    expect(messageOf(thrown)).toBe(shown);
  });

  it('on one line is short', () => {
    expect(errorLine(new TypeError('a\nb'))).toBe('TypeError: a b');
    expect(errorLine(new TypeError(MILLION)).length).toBeLessThan(250);
  });
});

describe('the message of an error', () => {
  it('is on one line', () => {
    expect(messageOf(new Error('Invalid query:\n  SELECT\r\n  1\u001b[0m'))).toBe('Invalid query: SELECT 1\\u001b[0m');
  });

  it('is its code where it has none, as that of a host with several addresses', () => {
    expect(messageOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
    expect(messageOf(new TypeError())).toBe('TypeError');
  });
});

describe('the kind of an error', () => {
  const fail = (message: string): Error => new Error(message);

  it('is the same for errors of one place, whatever their messages are', () => {
    const [a, b] = ['user 1', 'user 2'].map(fail);
    expect(errorKind(a)).toBe(errorKind(b));
    const forged = fail('x\n    at forged (file.js:1:1)');
    expect(errorKind(forged)).toBe(errorKind(a));
  });

  it('tells classes, codes and places apart', () => {
    const make = (name: string, code?: string): Error =>
      Object.assign(new Error('no'), { name, ...(code !== undefined && { code }) });
    const kinds = [make('A'), make('B'), make('A', 'ONE'), make('A', 'TWO'), new Error('here'), 'text', 1];
    expect(new Set(kinds.map(errorKind)).size).toBe(kinds.length);
  });

  it('is bounded', () => {
    const error = Object.assign(new Error(MILLION), { name: MILLION, code: MILLION });
    expect(errorKind(error).length).toBeLessThan(700);
  });
});
