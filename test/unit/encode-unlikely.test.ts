import { encodeMessage } from '../../src/event/encode';
import { encodeJson } from '../../src/event/encode-json';
import { toMessage } from '../../src/event/to-message';
import { pipedMessage } from '../../src/stream/piped-message';

/** A promise that fails, for which nobody waits. */
const failing = (): Promise<never> => Promise.reject(new Error('nobody waits for it'));
const thenable = { then: (resolve: (value: unknown) => void) => resolve(1) };

describe('data that look like a plain object and are none', () => {
  it.each<[string, unknown, RegExp]>([
    ['an iterator, whose constructor is that of a plain object', [1].values(), /is an iterator/],
    ['an iterator inside', { rows: [1].values() }, /has at "rows" an iterator/],
    ['a promise of no class', thenable, /is a promise/],
    ['a promise of no class inside', { rows: [thenable] }, /has at "rows\.0" a promise/],
  ])('are refused: %s', (_name, data, message) => {
    expect(() => encodeJson(data)).toThrow(message);
  });

  it('are sent where they are one, whatever the names of their keys', () => {
    expect(encodeJson({ then: 'a word' })).toBe('{"then":"a word"}');
    expect(encodeJson({ constructor: 'a word', rows: [{ then: 1 }] })).toBe(
      '{"constructor":"a word","rows":[{"then":1}]}',
    );
  });
});

describe('a promise that is refused and fails', () => {
  it.each<[string, () => unknown]>([
    ['as data', () => encodeJson(failing())],
    ['inside of data', () => encodeJson({ rows: [failing()] })],
    ['as text', () => encodeMessage(toMessage({ data: failing() }), 'text')],
    ['as a name', () => encodeMessage(toMessage({ data: 1, event: failing() }))],
    ['as an id', () => encodeMessage(toMessage({ data: 1, id: failing() }))],
    ['as a time', () => encodeMessage(toMessage({ data: 1, retry: failing() }))],
    ['as a comment', () => encodeMessage(toMessage({ data: 1, comment: failing() }))],
  ])('does not end the process: %s', async (_name, encode) => {
    const escaped = jest.fn();
    process.on('unhandledRejection', escaped);
    try {
      expect(encode).toThrow(/a promise/);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      expect(escaped).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', escaped);
    }
  });
});

describe('a name that is null', () => {
  it('is refused behind operators as it is without them', () => {
    const refused = expect.objectContaining({ code: 'SSE_INVALID_FIELD', field: 'event' });
    expect(() => encodeMessage(toMessage({ data: 1, event: null }))).toThrow(refused);
    expect(() => encodeMessage(pipedMessage({ data: 1, event: null }))).toThrow(refused);
  });
});
