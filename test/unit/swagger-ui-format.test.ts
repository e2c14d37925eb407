import * as fc from 'fast-check';
import { BRIEF, formatEvent, FULL, omittedOf } from '../../src/swagger-ui/panel/format-event';
import { formatJson, type Piece } from '../../src/swagger-ui/panel/format-json';

/** An event in its full extent. */
const full = (data: string, length = data.length) => {
  const formatted = formatEvent({ data, length }, FULL);
  return { pieces: formatted.pieces, omitted: omittedOf({ data, length }, formatted) };
};

const textOf = (pieces: readonly Piece[] | undefined): string => pieces!.map(({ text }) => text).join('');

describe('Data in the panel', () => {
  it('that are JSON stand in lines as JSON.stringify puts them', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.constantFrom(undefined, 1, '\t'), (json, space) => {
        const value: unknown = JSON.parse(json);
        expect(textOf(formatJson(JSON.stringify(value, null, space), true))).toBe(JSON.stringify(value, null, 2));
      }),
      { numRuns: 1_000 },
    );
  });

  it('keep every value as it was written', () => {
    const json = '{"id":12345678901234567890,"n":1.50e+3,"s":"\\u00e9\\/\\"","id":-0}';
    expect(textOf(formatJson(json, true))).toBe(
      '{\n  "id": 12345678901234567890,\n  "n": 1.50e+3,\n  "s": "\\u00e9\\/\\"",\n  "id": -0\n}',
    );
  });

  it('have keys, strings, numbers and literals told apart', () => {
    expect(formatJson('{"a":["x",1,null]}', true)!.filter(({ kind }) => kind !== 'plain')).toEqual([
      { kind: 'key', text: '"a"' },
      { kind: 'string', text: '"x"' },
      { kind: 'number', text: '1' },
      { kind: 'literal', text: 'null' },
    ]);
  });

  it.each(['', 'hello', '{"a":', '{"a":1}}', "{'a':1}", '[1,]', 'true false', '<b>'])(
    'that are not JSON stay as they are: %j',
    (data) => {
      expect(full(data)).toEqual({
        pieces: [{ kind: 'plain', text: data }],
        omitted: '',
      });
    },
  );

  it('that were cut are laid out as far as they can be read, and say so', () => {
    const { pieces, omitted } = full('{"a":[1,2],"b":"cu', 12_345);
    expect(textOf(pieces)).toBe('{\n  "a": [\n    1,\n    2\n  ],\n  "b": "cu');
    expect(omitted).toBe('Only the first 18 of 12,345 characters are shown.');
  });

  it('take at most 200 lines', () => {
    const json = JSON.stringify(Array.from({ length: 300 }, (_, index) => index));
    const { pieces, omitted } = full(json);
    expect(textOf(pieces).split('\n')).toHaveLength(200);
    expect(omitted).toBe('Only the first 200 lines are shown; the data has 1,091 characters.');
    const text = full('x\n'.repeat(200).trimEnd());
    expect([textOf(text.pieces).split('\n').length, text.omitted]).toEqual([200, '']);
  });

  it('do not grow without bounds by their depth', () => {
    const data = '['.repeat(5_000) + ']'.repeat(5_000);
    expect(textOf(full(data).pieces).length).toBeLessThan(20_000);
  });

  it('are cut to what is seen at a glance, at first', () => {
    const lines = JSON.stringify(Array.from({ length: 300 }, (_, index) => index));
    const brief = formatEvent({ data: lines, length: lines.length }, BRIEF);
    expect([textOf(brief.pieces).split('\n').length, brief.isCut]).toEqual([20, true]);
    const long = formatEvent({ data: 'x'.repeat(10_000), length: 3_000_000 }, BRIEF);
    expect([textOf(long.pieces).length, long.isCut]).toEqual([1_500, true]);
    expect(formatEvent({ data: '{"a":1}', length: 7 }, BRIEF).isCut).toBe(false);
  });

  it.each([
    ['numbers in one line', `[${'1 '.repeat(5_000)}`],
    ['strings in one line', `{${'"" '.repeat(3_000)}`],
    ['JSON in many lines', JSON.stringify(Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`k${i}`, i])))],
  ])('are of few elements, whatever they are: %s', (_what, data) => {
    const cut = { data: data.slice(0, 10_000), length: 20_000 };
    const brief = formatEvent(cut, BRIEF);
    expect(brief.pieces.length).toBeLessThanOrEqual(BRIEF.pieces);
    const whole = formatEvent(cut, FULL);
    expect(whole.pieces.length).toBeLessThanOrEqual(FULL.pieces);
    // No text is lost with a colour.
    expect(textOf(whole.pieces).startsWith(textOf(brief.pieces))).toBe(true);
  });
});
