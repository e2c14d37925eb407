import * as fc from 'fast-check';
import { formatEvent } from '../../src/swagger-ui/panel/format-event';
import { formatJson, type Piece } from '../../src/swagger-ui/panel/format-json';

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
      expect(formatEvent({ data, length: data.length })).toEqual({
        pieces: [{ kind: 'plain', text: data }],
        omitted: '',
      });
    },
  );

  it('that were cut are laid out as far as they can be read, and say so', () => {
    const { pieces, omitted } = formatEvent({ data: '{"a":[1,2],"b":"cu', length: 12_345 });
    expect(textOf(pieces)).toBe('{\n  "a": [\n    1,\n    2\n  ],\n  "b": "cu');
    expect(omitted).toBe('Only the first 18 of 12,345 characters are shown.');
  });

  it('take at most 200 lines', () => {
    const json = JSON.stringify(Array.from({ length: 300 }, (_, index) => index));
    const { pieces, omitted } = formatEvent({ data: json, length: json.length });
    expect(textOf(pieces).split('\n')).toHaveLength(200);
    expect(omitted).toBe('Only the first 200 lines are shown; the data has 1,091 characters.');
    const text = formatEvent({ data: 'x\n'.repeat(200).trimEnd(), length: 399 });
    expect([textOf(text.pieces).split('\n').length, text.omitted]).toEqual([200, '']);
  });

  it('do not grow without bounds by their depth', () => {
    const data = '['.repeat(5_000) + ']'.repeat(5_000);
    expect(textOf(formatEvent({ data, length: data.length }).pieces).length).toBeLessThan(20_000);
  });
});
