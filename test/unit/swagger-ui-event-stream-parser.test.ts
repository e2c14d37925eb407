import * as fc from 'fast-check';
import { EventStreamParser, KEPT_DATA, type ParsedEvent } from '../../src/swagger-ui/panel/event-stream-parser';
import { WhatwgParser } from '../support/whatwg-parser';

/** Gives a text to a parser in chunks of the given sizes, which begin anew when they are used up. */
function read(parser: EventStreamParser, text: string | Uint8Array, sizes: readonly number[] = [1]): ParsedEvent[] {
  const bytes = Buffer.from(text);
  const events: ParsedEvent[] = [];
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const end = start + sizes[turn % sizes.length]!;
    events.push(...parser.push(bytes.subarray(start, end)));
    start = end;
  }
  return events;
}

const lineEnd = fc.constantFrom('\n', '\r', '\r\n');
const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', ' ', '  x', '\0', '12', '5s', '~end', '\uFEFF', 'é漢🎉', 'a:b'),
);
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom('data', 'event', 'id', 'retry', '', 'other', 'Data'), fc.constantFrom(':', ': ', ''), value)
    .map((parts) => parts.join('')),
  fc.constant(''),
  value,
);
const streams = fc
  .tuple(fc.constantFrom('', '\uFEFF', '\uFEFF\uFEFF'), fc.array(fc.tuple(line, lineEnd)))
  .map(([mark, lines]) => mark + lines.flat().join(''));

describe('The parser of the panel', () => {
  it('reads any stream in any chunks as the specification does', () => {
    fc.assert(
      fc.property(streams, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (text, sizes) => {
        const expected = new WhatwgParser();
        expected.feed(Buffer.from(text));
        const parser = new EventStreamParser();
        const events = read(parser, text, sizes);
        expect(events.map(({ name, data, id }) => ({ type: name, data, lastEventId: id }))).toEqual(expected.events);
        expect([parser.lastEventId, parser.retry]).toEqual([expected.lastEventId, expected.reconnectionTime]);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(['\n', '\r', '\r\n'])('ends lines at %j, also where a chunk ends in it', (end) => {
    const text = ['event: a', 'data: 1', 'data: 2', '', 'data: 3', '', ''].join(end);
    for (const sizes of [[1], [2], [3], [100]]) {
      expect(read(new EventStreamParser(), text, sizes)).toEqual([
        { name: 'a', id: '', hasId: false, data: '1\n2', length: 3 },
        { name: 'message', id: '', hasId: false, data: '3', length: 1 },
      ]);
    }
  });

  it('goes on from the last id of the connection before', () => {
    const parser = new EventStreamParser('7');
    expect(read(parser, 'data: x\n\n')).toMatchObject([{ id: '7', hasId: false }]);
    expect(read(parser, 'id\ndata: x\n\n')).toMatchObject([{ id: '', hasId: true }]);
  });

  it('keeps the beginning of long data, and counts all of it', () => {
    const events = read(new EventStreamParser(), `data: ${'x'.repeat(70_000)}\ndata: y\n\ndata: z\n\n`, [997]);
    expect(events).toEqual([
      { name: 'message', id: '', hasId: false, data: 'x'.repeat(KEPT_DATA), length: 70_002 },
      { name: 'message', id: '', hasId: false, data: 'z', length: 1 },
    ]);
  });

  it('keeps the beginning of data of many lines', () => {
    const [event] = read(new EventStreamParser(), `${'data: 12345\n'.repeat(5_000)}\n`, [4096]);
    expect(event).toMatchObject({ data: '12345\n'.repeat(KEPT_DATA).slice(0, KEPT_DATA), length: 5_000 * 6 - 1 });
  });

  it('does not grow with a line that never ends, and ignores an id or a name that long', () => {
    const parser = new EventStreamParser();
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const before = process.memoryUsage().heapUsed;
    parser.push(Buffer.from('id: '));
    for (let count = 0; count < 2_000; count++) {
      parser.push(chunk);
    }
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
    expect(read(parser, `\nevent: ${'n'.repeat(KEPT_DATA * 2)}\ndata: 1\n\n`, [4096])).toEqual([
      { name: 'message', id: '', hasId: false, data: '1', length: 1 },
    ]);
  });
});
