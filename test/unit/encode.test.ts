import {
  encodeMessage,
  END_OF_STREAM_FRAME,
  END_OF_STREAM_ID,
  endOfStreamFrame,
  HEARTBEAT_FRAME,
  retryFrame,
} from '../../src/event/encode';
import { ServerSentEvent } from '../../src/event/server-sent-event';
import type { SseMessage } from '../../src/event/sse-event';
import { classNameOf, toMessage } from '../../src/event/to-message';
import { SseFieldError, type SseField } from '../../src/event/sse.error';
import { readAsBrowser } from '../support/whatwg-parser';

class Price {
  constructor(
    readonly symbol: string,
    readonly price: number,
  ) {}
}
class PriceEvent extends ServerSentEvent(Price) {}

const circular: Record<string, unknown> = {};
circular['self'] = circular;

const json = (message: SseMessage): string => encodeMessage(message);
const text = (data: string): string => encodeMessage({ data }, 'text');
const fieldErrorOf = (work: () => unknown): SseFieldError => {
  try {
    work();
  } catch (error) {
    if (error instanceof SseFieldError) {
      return error;
    }
    throw error;
  }
  throw new Error('Nothing was thrown');
};

describe('toMessage', () => {
  const message = (fields: Partial<Record<'type' | 'data' | 'id' | 'retry' | 'comment', unknown>>): object => ({
    type: undefined,
    data: undefined,
    id: undefined,
    retry: undefined,
    comment: undefined,
    ...fields,
  });

  it('takes a plain object of envelope fields as the envelope', () => {
    expect(toMessage({ event: 'price', data: { price: 1 }, id: '7', retry: 10, comment: 'c' })).toEqual(
      message({ type: 'price', data: { price: 1 }, id: '7', retry: 10, comment: 'c' }),
    );
  });

  it.each([
    ['data', { data: 1 }, { data: 1 }],
    ['event', { event: 'a' }, { type: 'a' }],
    ['id', { id: '1' }, { id: '1' }],
    ['retry', { retry: 5 }, { retry: 5 }],
    ['comment', { comment: 'hello' }, { comment: 'hello' }],
  ])('takes an object with %s alone as an envelope', (_name, value, fields) => {
    expect(toMessage(value)).toEqual(message(fields));
  });

  it('takes an envelope without a prototype as an envelope', () => {
    expect(toMessage(Object.assign(Object.create(null) as object, { event: 'a', data: 1 }))).toEqual(
      message({ type: 'a', data: 1 }),
    );
  });

  it('takes an object with one key outside the envelope as data', () => {
    const value = { event: 'a', data: 1, symbol: 'ACME' };
    expect(toMessage(value)).toEqual(message({ data: value }));
  });

  it('takes an object without any key as data', () => {
    expect(toMessage({})).toEqual(message({ data: {} }));
  });

  it('takes an instance of any other class as data, whatever its keys', () => {
    class Looks {
      data = 1;
      event = 'a';
    }
    const value = new Looks();
    expect(toMessage(value)).toEqual(message({ data: value }));
  });

  it('takes an instance of a ServerSentEvent(Model) class, or of a subclass, as the envelope', () => {
    const data = new Price('ACME', 1);
    const Envelope = ServerSentEvent(Price);
    expect(toMessage(new Envelope({ event: 'price', data, id: '1' }))).toEqual(
      message({ type: 'price', data, id: '1' }),
    );
    expect(toMessage(new PriceEvent({ data, retry: 1, comment: 'c' }))).toEqual(
      message({ data, retry: 1, comment: 'c' }),
    );
  });

  it.each([[null], [0], [false], [''], ['text'], [[1, 2]], [new Date(0)]])('takes %j as data', (value) => {
    expect(toMessage(value)).toEqual(message({ data: value }));
  });

  it.each([[null], [0], [false], ['']])('keeps %j as the data of an envelope', (data) => {
    expect(toMessage({ data })).toEqual(message({ data }));
  });

  it('refuses undefined, which JSON cannot express', () => {
    expect(fieldErrorOf(() => toMessage(undefined)).field).toBe('data');
  });

  it('takes a number as an id, and leaves every other value for the check', () => {
    expect(toMessage({ id: 0, data: 1 }).id).toBe('0');
    expect(toMessage({ id: '', data: 1 }).id).toBe('');
    expect(fieldErrorOf(() => encodeMessage(toMessage({ id: true, data: 1 }))).field).toBe('id');
  });

  it.each([[NaN], [Infinity], [-Infinity]])('refuses the id %p, which counts nothing', (id) => {
    expect(fieldErrorOf(() => encodeMessage(toMessage({ id, data: 1 }))).field).toBe('id');
  });

  it.each(['event', 'id', 'retry', 'comment'] as const)('refuses null as %s rather than leaving it out', (field) => {
    expect(fieldErrorOf(() => encodeMessage(toMessage({ data: 1, [field]: null }))).field).toBe(field);
  });

  it('names an event after its data only where the envelope gives no name and there are data', () => {
    const data = new Price('ACME', 1);
    expect(toMessage(data, classNameOf).type).toBe('Price');
    expect(toMessage({ data }, classNameOf).type).toBe('Price');
    expect(toMessage({ event: 'tick', data }, classNameOf).type).toBe('tick');
    expect(toMessage({ comment: 'c' }, () => 'never').type).toBeUndefined();
    expect(toMessage({ data: { plain: true } }, classNameOf).type).toBeUndefined();
  });

  it.each([[{}], [[]], [null], ['text'], [1], [Object.create(null)]])('knows no class name of %j', (value) => {
    expect(classNameOf(value)).toBeUndefined();
  });
});

describe('encodeMessage', () => {
  it('1. writes each line of the data as a line of its own', () => {
    expect(text('a\nb')).toBe('data: a\ndata: b\n\n');
  });

  it.each([['a\rb'], ['a\r\nb'], ['a\nb']])('2. splits %j at its line break and writes LF only', (data) => {
    expect(text(data)).toBe('data: a\ndata: b\n\n');
  });

  it('2. splits at mixed line breaks', () => {
    expect(text('a\r\nb\rc\nd\n\re\r\r\nf')).toBe(
      'data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\ndata: \ndata: f\n\n',
    );
  });

  it('3. writes the empty line after a trailing line break', () => {
    expect(text('a\n')).toBe('data: a\ndata: \n\n');
  });

  it('4. keeps a leading space', () => {
    expect(text(' a')).toBe('data:  a\n\n');
    expect(readAsBrowser(text(' a')).events[0]?.data).toBe(' a');
  });

  it('5. dispatches empty data, and nothing for absent data', () => {
    expect(text('')).toBe('data: \n\n');
    expect(readAsBrowser(text('')).events).toHaveLength(1);
    expect(json({ type: 'a', id: '1' })).toBe('event: a\nid: 1\n\n');
    expect(readAsBrowser(json({ type: 'a', id: '1' })).events).toHaveLength(0);
  });

  it.each([
    [null, 'null'],
    [0, '0'],
    [false, 'false'],
    ['', '""'],
  ])('6. sends the JSON value %j', (data, written) => {
    expect(json({ data })).toBe(`data: ${written}\n\n`);
  });

  it.each([['a\nb'], ['a\rb'], ['a\r\nb'], ['\n'], ['1\ndata: evil\n\n']])('7. refuses the id %j', (id) => {
    expect(fieldErrorOf(() => json({ id, data: 1 }))).toMatchObject({ field: 'id', code: 'SSE_INVALID_FIELD' });
  });

  it.each([['a\nb'], ['a\rb'], ['a\r\nb'], ['\r'], ['a\ndata: evil\n\n']])('8. refuses the name %j', (type) => {
    expect(fieldErrorOf(() => json({ type, data: 1 })).field).toBe('event');
  });

  it('9. refuses NUL in an id, and writes it in other fields, where clients take it', () => {
    expect(fieldErrorOf(() => json({ id: 'a\0b', data: 1 })).field).toBe('id');
    expect(readAsBrowser(json({ type: 'a\0b', data: 'c\0d' })).events).toEqual([
      { type: 'a\0b', data: '"c\\u0000d"', lastEventId: '' },
    ]);
  });

  it('10. writes the empty id, which resets the last one', () => {
    expect(json({ id: '', data: 1 })).toBe('id: \ndata: 1\n\n');
    expect(readAsBrowser(`${json({ id: '7', data: 1 })}${json({ id: '', data: 2 })}`).lastEventId).toBe('');
  });

  it('11. writes no event line without a name', () => {
    expect(json({ data: 1 })).toBe('data: 1\n\n');
    expect(json({ type: 'price', data: 1 })).toBe('event: price\ndata: 1\n\n');
  });

  it.each([['5s'], ['5'], [-1], [1.5], [NaN], [Infinity], [true], [null], [2 ** 53], [{}], [[1]], ['1\ndata: evil']])(
    '12. refuses the retry %p',
    (retry) => {
      expect(fieldErrorOf(() => encodeMessage({ retry: retry as number, data: 1 })).field).toBe('retry');
      expect(fieldErrorOf(() => retryFrame(retry as number)).field).toBe('retry');
    },
  );

  it('12. writes the retry 0, and -0 as 0', () => {
    expect(json({ retry: 0, data: 1 })).toBe('retry: 0\ndata: 1\n\n');
    expect(json({ retry: -0 })).toBe('retry: 0\n\n');
    expect(retryFrame(0)).toBe('retry: 0\n\n');
  });

  it('13. begins every line of a comment with a colon', () => {
    expect(json({ comment: 'a\nb\r\nc\rdata: evil\n\n' })).toBe(': a\n: b\n: c\n: data: evil\n: \n: \n\n');
    expect(json({ comment: '' })).toBe(': \n\n');
  });

  it.each([['\u2028'], ['\u2029'], ['\u0085'], ['\v'], ['\f']])('14. keeps %j inside its line', (character) => {
    expect(text(`a${character}b`)).toBe(`data: a${character}b\n\n`);
    expect(json({ type: `a${character}b`, id: `c${character}d`, data: 1 })).toBe(
      `event: a${character}b\nid: c${character}d\ndata: 1\n\n`,
    );
    expect(json({ data: `a${character}b` }).split('\n')).toHaveLength(3);
  });

  it('15. writes a lone surrogate in JSON as its escape, which the client reads back', () => {
    expect(json({ data: 'a\uD800b' })).toBe('data: "a\\ud800b"\n\n');
  });

  it('15. lets a lone surrogate in text become U+FFFD on the wire', () => {
    expect(readAsBrowser(text('a\uD800b')).events[0]?.data).toBe('a\uFFFDb');
  });

  it.each([
    ['id', { id: 'a\uD800' }],
    ['event', { type: '\uDC00a' }],
  ])('15. refuses a lone surrogate in %s, which would reach the client as another one', (field, fields) => {
    expect(fieldErrorOf(() => json({ ...fields, data: 1 })).field).toBe(field);
  });

  it('16. keeps U+FEFF at the start of the first data', () => {
    expect(readAsBrowser(text('\uFEFFa')).events[0]?.data).toBe('\uFEFFa');
    expect(readAsBrowser(json({ data: '\uFEFFa' })).events[0]?.data).toBe('"\uFEFFa"');
  });

  it('17. encodes ten megabytes of text in one line and in 100,000 lines', () => {
    const line = 'x'.repeat(10_000_000);
    expect(text(line)).toHaveLength(line.length + 'data: \n\n'.length);
    const lines = `${'x'.repeat(99)}\n`.repeat(100_000);
    expect(text(lines)).toHaveLength(lines.length + 100_001 * 'data: '.length + '\n\n'.length);
  });

  it('18. writes characters of any plane as they are', () => {
    expect(text('👩‍🚀 ß')).toBe('data: 👩‍🚀 ß\n\n');
    expect(json({ data: '👩‍🚀 ß' })).toBe('data: "👩‍🚀 ß"\n\n');
  });

  it('writes the fields in one order, with one blank line at the end', () => {
    expect(json({ data: { a: [1] }, comment: 'c', retry: 5, id: '1', type: 'e' })).toBe(
      ': c\nevent: e\nid: 1\nretry: 5\ndata: {"a":[1]}\n\n',
    );
  });

  it('writes nothing for a message without any field', () => {
    expect(json({})).toBe('');
    expect(json(toMessage({ event: undefined, data: undefined }))).toBe('');
  });

  it('writes strings as JSON, line breaks escaped', () => {
    expect(json({ data: 'a\r\n\n"b"' })).toBe('data: "a\\r\\n\\n\\"b\\""\n\n');
  });

  it.each<[string, unknown]>([
    ['a BigInt', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['an object that contains itself', circular],
  ])('refuses %s as data', (_name, data) => {
    expect(fieldErrorOf(() => json({ data })).field).toBe('data');
  });

  it('names the cause of data that throw while they are written', () => {
    const cause = new Error('no');
    const data = {
      toJSON: () => {
        throw cause;
      },
    };
    expect(fieldErrorOf(() => json({ data })).cause).toBe(cause);
  });

  it.each([[1], [null], [{}], [true]])('refuses %j as text', (data) => {
    expect(fieldErrorOf(() => encodeMessage({ data }, 'text')).field).toBe('data');
  });

  it.each<[SseField, SseMessage]>([
    ['event', { type: 5 as unknown as string }],
    ['id', { id: 5 as unknown as string }],
    ['comment', { comment: 5 as unknown as string }],
  ])('refuses a number as %s', (field, message) => {
    expect(fieldErrorOf(() => json(message)).field).toBe(field);
  });

  it('refuses the id that is reserved for the end of a stream', () => {
    expect(fieldErrorOf(() => json({ id: END_OF_STREAM_ID, data: 1 })).field).toBe('id');
  });
});

describe('the frames of the library itself', () => {
  it('end a stream with an id and nothing to dispatch', () => {
    const parser = readAsBrowser(END_OF_STREAM_FRAME);
    expect(END_OF_STREAM_FRAME).toBe('id: ~end\n\n');
    expect(parser.events).toEqual([]);
    expect(parser.lastEventId).toBe(END_OF_STREAM_ID);
  });

  it('end a stream with a named event that carries the id', () => {
    expect(readAsBrowser(endOfStreamFrame('done')).events).toEqual([
      { type: 'done', data: 'null', lastEventId: END_OF_STREAM_ID },
    ]);
    expect(fieldErrorOf(() => endOfStreamFrame('a\nb')).field).toBe('event');
  });

  it('keep a connection with a comment', () => {
    expect(HEARTBEAT_FRAME).toBe(':\n\n');
    expect(readAsBrowser(`data: 1\n\n${HEARTBEAT_FRAME}data: 2\n\n`).events).toHaveLength(2);
  });
});
