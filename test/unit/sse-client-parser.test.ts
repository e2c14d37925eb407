import * as fc from 'fast-check';
import { EventStreamParser, type ParsedEvent } from '../../src/testing/client/event-stream-parser';
import { readAsBrowser } from '../support/whatwg-parser';

const PIECES = [
  'data',
  'data: ',
  'data:',
  'data:  two spaces',
  'event: a',
  'event',
  'id: 1',
  'id',
  'id: \0',
  'retry: 10',
  'retry: x',
  'retry',
  ': comment',
  ':',
  'unknown: x',
  'é',
  '👩‍🚀',
  '\uFEFF',
  '\u2028',
  ' ',
];
const body = fc
  .array(fc.oneof(fc.constantFrom('\n', '\r', '\r\n', '\n\n'), fc.constantFrom(...PIECES), fc.string()), {
    maxLength: 40,
  })
  .map((pieces) => pieces.join(''));
const sizes = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 });

function parse(bytes: Uint8Array, chunkSizes: readonly number[]): { events: ParsedEvent[]; parser: EventStreamParser } {
  const parser = new EventStreamParser();
  const events: ParsedEvent[] = [];
  for (let start = 0, turn = 0; start < bytes.length; turn++) {
    const size = chunkSizes[turn % chunkSizes.length]!;
    events.push(...parser.push(bytes.subarray(start, start + size)));
    start += size;
  }
  return { events, parser };
}

function expectAsBrowser(bytes: Uint8Array, chunkSizes: readonly number[]): void {
  const { events, parser } = parse(bytes, chunkSizes);
  const browser = readAsBrowser(bytes, [1]);
  expect(events).toEqual(browser.events.map(({ type, data, lastEventId }) => ({ event: type, data, id: lastEventId })));
  expect(parser.lastEventId).toBe(browser.lastEventId);
  expect(parser.retry).toBe(browser.reconnectionTime);
}

describe('the parser of SseClient', () => {
  it('reads what a browser reads, however the bytes are cut', () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(body, sizes, (text, chunkSizes) => {
        expectAsBrowser(Buffer.from(text), chunkSizes);
      }),
      { numRuns: 3_000 },
    );
  });

  it('reads bytes that are no UTF-8 as a browser does', () => {
    expect.hasAssertions();
    const bytes = fc
      .array(fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.constantFrom(Buffer.from('data: '), Buffer.from('\n\n'))))
      .map((parts) => Buffer.concat(parts));
    fc.assert(
      fc.property(bytes, sizes, (chunk, chunkSizes) => {
        expectAsBrowser(chunk, chunkSizes);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps the id of the connection before until the stream gives another', () => {
    const parser = new EventStreamParser('7');
    expect([...parser.push(Buffer.from('data: a\n\nid: 8\ndata: b\n\n'))].map(({ id }) => id)).toEqual(['7', '8']);
  });

  it('reads ten megabytes of data in small pieces, in linear time', () => {
    const parser = new EventStreamParser();
    const piece = Buffer.from('x'.repeat(1_000));
    expect([...parser.push(Buffer.from('data: '))]).toEqual([]);
    for (let count = 0; count < 10_000; count++) {
      expect(parser.push(piece).next().done).toBe(true);
    }
    const [event] = parser.push(Buffer.from('\n\n'));
    expect(event!.data).toHaveLength(10_000_000);
  });

  it.each([
    ['one line', 'data: 12345678901'],
    ['many lines', 'data: 123\n'.repeat(4)],
    ['a name', 'event: 12345678901'],
  ])('throws for an event whose %s is longer than its bound', (_what, text) => {
    expect(() => [...new EventStreamParser('', 16).push(Buffer.from(text))]).toThrow('longer than 16 characters');
  });

  it('does not count comments and events that are over', () => {
    const parser = new EventStreamParser('', 16);
    expect([...parser.push(Buffer.from(': comment\n'.repeat(50)))]).toEqual([]);
    expect([...parser.push(Buffer.from('data: 1\n\n'.repeat(50)))]).toHaveLength(50);
  });
});
