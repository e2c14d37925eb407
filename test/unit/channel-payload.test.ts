import { decodePayload, encodePayload, frameOfPayload, isPayload } from '../../src/channel/payload';
import { readAsBrowser } from '../support/whatwg-parser';

describe('the payload of an event', () => {
  it.each<[string, string]>([
    ['data', 'data: 1\n\n'],
    ['a name and data', 'event: a\ndata: "x"\n\n'],
    ['all fields', ': c\n: d\nevent: a\nretry: 5\ndata: {"a":[1]}\n\n'],
    ['several lines of data, which other programs may write', 'data: a\ndata: b\n\n'],
    ['an empty line of data', 'data: \n\n'],
  ])('is well-formed with %s', (_name, payload) => {
    expect(isPayload(payload)).toBe(true);
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['an empty line alone', '\n'],
    ['an id of its own', 'id: 5\ndata: 1\n\n'],
    ['an id after the data', 'data: 1\nid: 5\n\n'],
    ['two events', 'data: 1\n\ndata: 2\n\n'],
    ['an event and a piece of another', 'data: 1\n\ndata: 2\n'],
    ['no end', 'data: 1\n'],
    ['an end too many', 'data: 1\n\n\n'],
    ['CR', 'data: 1\rid: 5\n\n'],
    ['CRLF', 'data: 1\r\n\r\n'],
    ['an unknown field', 'hello: 1\n\n'],
    ['text', 'hello'],
    ['a field without its space', 'data:1\n\n'],
    ['an empty line before', '\ndata: 1\n\n'],
  ])('is none with %s', (_name, payload) => {
    expect(isPayload(payload)).toBe(false);
  });

  it('is looked at in bounded depth, however many lines it has', () => {
    const comment = ': x\n'.repeat(6_000_000);
    expect(isPayload(`${comment}data: 1\n\n`)).toBe(true);
    expect(isPayload(`${comment}id: 1\n\n`)).toBe(false);
  });

  it('comes back as what was published, with its position as the id, on the wire and read back', () => {
    const data = { text: 'a\nb\r\u2028\u0000 😀', list: [null, 0, '', { deep: true }] };
    const payload = encodePayload({ event: 'ü', data, id: undefined, comment: 'c' });
    expect(isPayload(payload)).toBe(true);
    expect(readAsBrowser(frameOfPayload('p-1.5', payload)).events).toEqual([
      { type: 'ü', data: JSON.stringify(data), lastEventId: 'p-1.5' },
    ]);
    const event = decodePayload('p-1.5', payload);
    expect({ ...event }).toEqual({ event: 'ü', id: 'p-1.5', data });
  });

  it('of another program may have data that are no JSON: they are text', () => {
    expect(decodePayload('p.1', 'data: a\ndata: b\n\n')).toMatchObject({ data: 'a\nb', event: undefined });
  });

  it('has data of which a key named __proto__ is no more than a key', () => {
    const { data } = decodePayload('p.1', 'data: {"__proto__":{"isAdmin":true},"a":1}\n\n');
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
    expect((data as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect(Object.isFrozen(data)).toBe(true);
  });
});
