import { encodeMessage, END_OF_STREAM_ID, HEARTBEAT_FRAME, retryFrame, type SseFormat } from '../../src/event/encode';
import { END_FRAME, endFrame, SILENT_END_FRAME } from '../../src/event/end-frame';
import { sseEvent } from '../../src/event/made-event';
import { ServerSentEvent } from '../../src/event/server-sent-event';
import { runInNewContext } from 'node:vm';
import { of } from 'rxjs';
import type { SseMessage } from '../../src/event/sse-event';
import { classOf, toMessage } from '../../src/event/to-message';
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
  const message = (fields: Partial<Record<keyof SseMessage, unknown>>): object => ({
    event: undefined,
    data: undefined,
    id: undefined,
    retry: undefined,
    comment: undefined,
    raw: undefined,
    ...fields,
  });

  it('takes a plain object with data and no key outside the envelope as the envelope', () => {
    expect(toMessage({ event: 'price', data: { price: 1 }, id: '7', retry: 10, comment: 'c' })).toEqual(
      message({ event: 'price', data: { price: 1 }, id: '7', retry: 10, comment: 'c' }),
    );
    expect(toMessage({ data: 1 })).toEqual(message({ data: 1 }));
  });

  it.each([
    [{ event: 'a' }],
    [{ id: '1' }],
    [{ retry: 5 }],
    [{ comment: 'hello' }],
    [{ id: 7, comment: 'nice' }],
    [{ event: 'login', id: 3, retry: 1, comment: '' }],
  ])('takes %j, which has no data, as a row', (value) => {
    expect(toMessage(value)).toEqual(message({ data: value }));
  });

  it('refuses an envelope whose data are undefined: they would be lost', () => {
    expect(fieldErrorOf(() => toMessage({ event: 'a', data: undefined })).field).toBe('data');
    const Envelope = ServerSentEvent(Price);
    expect(fieldErrorOf(() => toMessage(new Envelope({ event: 'a' } as never))).field).toBe('data');
  });

  it('takes an envelope without a prototype as an envelope', () => {
    expect(toMessage(Object.assign(Object.create(null) as object, { event: 'a', data: 1 }))).toEqual(
      message({ event: 'a', data: 1 }),
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
      message({ event: 'price', data, id: '1' }),
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
    const nameOf = (value: unknown): string | undefined => classOf(value)?.name;
    expect(toMessage(data, nameOf).event).toBe('Price');
    expect(toMessage({ data }, nameOf).event).toBe('Price');
    expect(toMessage({ event: 'tick', data }, nameOf).event).toBe('tick');
    expect(toMessage(sseEvent({ comment: 'c' }), () => 'never').event).toBeUndefined();
    expect(toMessage({ data: { plain: true } }, nameOf).event).toBeUndefined();
  });

  it.each([[{}], [[]], [null], ['text'], [1], [Object.create(null)]])('knows no class of %j', (value) => {
    expect(classOf(value)).toBeUndefined();
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
    expect(json({ event: 'a', id: '1' })).toBe('event: a\nid: 1\n\n');
    expect(readAsBrowser(json({ event: 'a', id: '1' })).events).toHaveLength(0);
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

  it.each([['a\nb'], ['a\rb'], ['a\r\nb'], ['\r'], ['a\ndata: evil\n\n']])('8. refuses the name %j', (event) => {
    expect(fieldErrorOf(() => json({ event, data: 1 })).field).toBe('event');
  });

  it('9. refuses NUL in an id, and writes it in other fields, where clients take it', () => {
    expect(fieldErrorOf(() => json({ id: 'a\0b', data: 1 })).field).toBe('id');
    expect(readAsBrowser(json({ event: 'a\0b', data: 'c\0d' })).events).toEqual([
      { type: 'a\0b', data: '"c\\u0000d"', lastEventId: '' },
    ]);
  });

  it('10. writes the empty id, which resets the last one', () => {
    expect(json({ id: '', data: 1 })).toBe('id: \ndata: 1\n\n');
    expect(readAsBrowser(`${json({ id: '7', data: 1 })}${json({ id: '', data: 2 })}`).lastEventId).toBe('');
  });

  it('11. writes no event line without a name', () => {
    expect(json({ data: 1 })).toBe('data: 1\n\n');
    expect(json({ event: 'price', data: 1 })).toBe('event: price\ndata: 1\n\n');
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
    expect(json({ event: `a${character}b`, data: 1 })).toBe(`event: a${character}b\ndata: 1\n\n`);
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
    ['event', { event: '\uDC00a' }],
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
    expect(json({ data: { a: [1] }, comment: 'c', retry: 5, id: '1', event: 'e' })).toBe(
      ': c\nevent: e\nid: 1\nretry: 5\ndata: {"a":[1]}\n\n',
    );
  });

  it('writes nothing for a message without any field', () => {
    expect(json({})).toBe('');
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

  it('names the place of a BigInt', () => {
    expect(() => json({ data: { a: [1, { b: 1n }] } })).toThrow(
      'The event\'s data has at "a.1.b" a bigint, which JSON cannot express',
    );
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
    ['event', { event: 5 as unknown as string }],
    ['id', { id: 5 as unknown as string }],
    ['comment', { comment: 5 as unknown as string }],
  ])('refuses a number as %s', (field, message) => {
    expect(fieldErrorOf(() => json(message)).field).toBe(field);
  });

  it('refuses the id that is reserved for the end of a stream', () => {
    expect(fieldErrorOf(() => json({ id: END_OF_STREAM_ID, data: 1 })).field).toBe('id');
  });
});

describe('what JSON cannot express', () => {
  /** Has a method of that name, and is no iterator. */
  class Cursor {
    page = 1;
    next(): number {
      return ++this.page;
    }
  }
  class Money {
    constructor(readonly cents: number) {}
    toJSON(): string {
      return `${this.cents / 100} EUR`;
    }
  }

  it.each<[string, unknown, RegExp]>([
    ['a promise', Promise.resolve(1), /promise.*await/],
    ['an Observable', of(1), /Observable/],
    ['a Map', new Map([[1, 2]]), /Map/],
    ['a Set', new Set([1]), /Set/],
    ['an Error', new Error('no'), /Error/],
    ['a Buffer', Buffer.from('abc'), /bytes.*base64/],
    ['an empty Buffer', Buffer.alloc(0), /bytes/],
    ['a typed array', new Float64Array([1]), /bytes/],
    ['an ArrayBuffer', new ArrayBuffer(2), /bytes/],
    ['NaN', NaN, /NaN/],
    ['Infinity', -Infinity, /Infinity/],
    ['an invalid date', new Date(NaN), /invalid date/],
    ['a regular expression', /a/, /RegExp/],
    ['a generator', (function* () {})(), /iterator/],
    ['a WeakRef', new WeakRef({}), /WeakRef/],
    ['URL parameters', new URLSearchParams('a=1'), /URLSearchParams/],
    ['headers', new Headers(), /Headers/],
    ['a form', new FormData(), /FormData/],
    ['a blob', new Blob(['a']), /Blob/],
    ['shared memory', new SharedArrayBuffer(2), /bytes/],
    ['a number object that is none', Object(NaN), /NaN/],
    ['a Map of another realm', runInNewContext('new Map()'), /Map/],
    ['an Error of another realm', runInNewContext('new Error()'), /Error/],
    ['what toJSON() gives', { toJSON: () => new Map() }, /Map/],
    ['an async generator', (async function* () {})(), /iterator/],
  ])('is refused by its name, alone and wherever it is: %s', (_name, value, reason) => {
    expect(fieldErrorOf(() => json({ data: value })).message).toMatch(reason);
    const nested = fieldErrorOf(() => json({ data: { a: [1, { b: value }] } })).message;
    expect(nested).toMatch(reason);
    expect(nested).toContain('a.1.b');
  });

  it('is undefined in an array, in the place of which JSON has null', () => {
    expect(fieldErrorOf(() => json({ data: { a: [1, undefined] } })).message).toContain('a.1');
    expect(fieldErrorOf(() => json({ data: [undefined] })).message).toContain('undefined');
  });

  it('is refused as data itself also where it has fields that JSON can express', () => {
    const data = Object.assign(new Error('no'), { code: 'E' });
    expect(fieldErrorOf(() => json({ data })).message).toMatch(/Error/);
  });

  it.each<[unknown]>([
    [null],
    [{}],
    [{ a: null, b: {}, c: [null, {}], d: 'null {}', e: '{"0":1}', f: '"Buffer"' }],
    [{ next: () => 1 }],
    [new Cursor()],
    [new Date(0)],
    [new Money(5)],
    [{ a: null, money: new Money(5), at: new Date(0), none: undefined, method: () => 1 }],
    [{ 0: 'a' }],
    [Object.create(null)],
  ])('does not get in the way of %p', (data) => {
    expect(json({ data })).toBe(`data: ${JSON.stringify(data)}\n\n`);
  });

  it('is looked for without an end in what contains itself by way of toJSON, and in what is deep', () => {
    const parent: Record<string, unknown> = { nothing: null };
    parent['child'] = { parent, toJSON: () => null };
    expect(json({ data: parent })).toBe('data: {"nothing":null,"child":null}\n\n');
    let deep: object = {};
    for (let i = 0; i < 2_000; i++) {
      deep = { deep };
    }
    expect(json({ data: deep })).toContain('{}');
  });
});

describe('sseEvent', () => {
  const write = (fields: object, format: SseFormat = 'json'): string =>
    encodeMessage(toMessage(sseEvent(fields as { data: unknown })), format);

  it('protects data that look like an envelope', () => {
    expect(write({ data: { data: 1 } })).toBe('data: {"data":1}\n\n');
    expect(write({ data: { event: 'stream-error', data: 1, id: 'x' } })).toBe(
      'data: {"event":"stream-error","data":1,"id":"x"}\n\n',
    );
  });

  it('makes comments and reconnection times, which nothing else does', () => {
    expect(write({ comment: 'reading' })).toBe(': reading\n\n');
    expect(write({ retry: 5 })).toBe('retry: 5\n\n');
    expect(write({ comment: 'reading', retry: 5 })).toBe(': reading\nretry: 5\n\n');
  });

  it.each(['json', 'text'] as const)('sends raw text as it is, whatever the format is: %s', (format) => {
    expect(write({ raw: '[DONE]' }, format)).toBe('data: [DONE]\n\n');
    expect(write({ event: 'delta', raw: 'a\r\nb\rdata: c\n\nid: 5', id: 7 }, format)).toBe(
      'event: delta\nid: 7\ndata: a\ndata: b\ndata: data: c\ndata: \ndata: id: 5\n\n',
    );
  });

  it.each([
    [{}, 'data'],
    [{ event: 'a' }, 'data'],
    [{ id: '1' }, 'data'],
    [{ data: undefined }, 'data'],
    [{ comment: 'c', event: 'a' }, 'data'],
    [{ data: 1, raw: 'a' }, 'raw'],
    [{ raw: 5 }, 'raw'],
    [{ raw: 'a', event: 'end' }, 'event'],
    [{ data: 1, retry: -1 }, 'retry'],
    [{ data: 1, id: 'a b ' }, 'id'],
    [{ comment: 5 }, 'comment'],
    [{ type: 'a', data: 1 }, 'data'],
    [{ data: 1, events: 'a' }, 'data'],
  ])('refuses %j where it is made', (fields, field) => {
    expect(fieldErrorOf(() => sseEvent(fields as { data: unknown })).field).toBe(field);
  });

  it('says that the name of an event is called event', () => {
    expect(fieldErrorOf(() => sseEvent({ type: 'a', data: 1 } as never)).message).toContain('"event"');
  });

  it.each([[undefined], [null], ['text'], [7]])('refuses %p', (fields) => {
    expect(fieldErrorOf(() => sseEvent(fields as never)).field).toBe('data');
  });
});

describe('names and ids', () => {
  it.each(['start', 'gap', 'snapshot', 'end', 'stream-error', 'ping', '~', '~end', '~mine'])(
    'refuses %j, a name of the library’s own, however often it is tried',
    (event) => {
      expect(fieldErrorOf(() => json({ event, data: 1 })).field).toBe('event');
      expect(fieldErrorOf(() => json({ event, data: 1 })).field).toBe('event');
    },
  );

  it.each(['ended', 'Start', 'a~', 'error', 'message', 'constructor', '__proto__'])('takes the name %j', (event) => {
    expect(json({ event, data: 1 })).toBe(`event: ${event}\ndata: 1\n\n`);
  });

  it.each(['\0', '\u0001', '\u0007', '\u000b', '\u001b', '\u001f', '\u007f'])(
    'refuses %j in an id: the request that brings it back would be refused',
    (character) => {
      expect(fieldErrorOf(() => json({ id: `a${character}b`, data: 1 })).field).toBe('id');
    },
  );

  it.each([' a', 'a ', '\ta', 'a\t', ' '])('refuses the id %j, whose ends a header loses', (id) => {
    expect(fieldErrorOf(() => json({ id, data: 1 })).field).toBe('id');
  });

  it('refuses an id that is too long for a header, and takes the longest', () => {
    expect(json({ id: 'x'.repeat(1_024), data: 1 })).toContain('x'.repeat(1_024));
    expect(fieldErrorOf(() => json({ id: 'x'.repeat(1_025), data: 1 })).message).toContain('1025');
  });

  it.each(['a b', 'a\tb', 'ü😀', '~', '~End', '{"a":1}', '\u0085', 'a\u00a0'])('takes the id %j', (id) => {
    expect(json({ id, data: 1 })).toBe(`id: ${id}\ndata: 1\n\n`);
  });
});

describe('the frames of the library itself', () => {
  it('end a stream with an event that has data, though empty, for only Chromium takes the id of a frame without', () => {
    expect(END_FRAME).toBe('event: end\nid: ~end\ndata:\n\n');
    expect(readAsBrowser(END_FRAME).events).toEqual([{ type: 'end', data: '', lastEventId: END_OF_STREAM_ID }]);
  });

  it('end a stream with an id and nothing to dispatch for clients of another kind', () => {
    expect(SILENT_END_FRAME).toBe('id: ~end\n\n');
    expect(readAsBrowser(SILENT_END_FRAME)).toMatchObject({ events: [], lastEventId: END_OF_STREAM_ID });
  });

  it.each([
    [{}, 'event: end\nid: ~end\ndata:\n\n'],
    [{ event: 'end', data: { total: 1 } }, 'event: end\nid: ~end\ndata: {"total":1}\n\n'],
    [{ event: 'done' }, 'event: done\nid: ~end\ndata:\n\n'],
    [{ data: null }, 'id: ~end\ndata: null\n\n'],
    [{ raw: '[DONE]' }, 'id: ~end\ndata: [DONE]\n\n'],
    [{ event: 'done', raw: 'a\nb' }, 'event: done\nid: ~end\ndata: a\ndata: b\n\n'],
  ])('end a stream with the event %j of the developer', (event, frame) => {
    expect(endFrame(event)).toBe(frame);
  });

  it.each([[{ event: 'a\nb' }], [{ event: 'gap' }], [{ event: '~x' }]])('refuse the end %j', (event) => {
    expect(fieldErrorOf(() => endFrame(event)).field).toBe('event');
  });

  it('keep a connection with a comment', () => {
    expect(HEARTBEAT_FRAME).toBe(':\n\n');
    expect(readAsBrowser(`data: 1\n\n${HEARTBEAT_FRAME}data: 2\n\n`).events).toHaveLength(2);
  });
});
