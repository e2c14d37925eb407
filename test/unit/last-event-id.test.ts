import { lastEventIdOf } from '../../src/view/last-event-id.decorator';

/** What Node makes of the bytes of a header: one character of Latin-1 each. */
const received = (bytes: Buffer): string => bytes.toString('latin1');
const lastEventId = (header: string | string[] | undefined): string | undefined =>
  lastEventIdOf({ headers: { 'last-event-id': header } as Record<string, string> });

describe('the Last-Event-ID of a request', () => {
  it('is undefined for a client that comes for the first time', () => {
    expect(lastEventIdOf({ headers: {} })).toBeUndefined();
  });

  it('is undefined when the header is empty, as after a reset id', () => {
    expect(lastEventId('')).toBeUndefined();
  });

  it.each(['42', '~end', 'a:b c', '1700000000-0'])('is %j as it was sent', (id) => {
    expect(lastEventId(id)).toBe(id);
  });

  it.each(['ä', '日本', '👩‍🚀', 'é-\u2028', '\uFEFFa', '\u0080'])('is %j when its UTF-8 bytes were sent', (id) => {
    expect(lastEventId(received(Buffer.from(id, 'utf8')))).toBe(id);
  });

  it('is read as Latin-1 when its bytes are no UTF-8', () => {
    expect(lastEventId(received(Buffer.from([0x61, 0xe4, 0x62])))).toBe('aäb');
    expect(lastEventId(received(Buffer.from([0xff])))).toBe('ÿ');
  });

  it('may contain U+FFFD, which is a character like any other', () => {
    expect(lastEventId(received(Buffer.from('a\uFFFDä', 'utf8')))).toBe('a\uFFFDä');
  });

  it('is the last one where the header was repeated', () => {
    expect(lastEventId(['1', '2'])).toBe('2');
    expect(lastEventId(['1', ''])).toBeUndefined();
    expect(lastEventId([])).toBeUndefined();
  });

  it('is cut after 1,024 characters, the most that an event can have sent, and is still an id', () => {
    expect(lastEventId('a'.repeat(1_024))).toBe('a'.repeat(1_024));
    expect(lastEventId('a'.repeat(16_000))).toBe('a'.repeat(1_024));
    expect(lastEventId(received(Buffer.from('日'.repeat(2_000))))).toBe('日'.repeat(1_024));
    // A pair of surrogates is not cut in two.
    expect(lastEventId(received(Buffer.from(`${'a'.repeat(1_023)}👩`)))).toBe('a'.repeat(1_023));
  });

  it('may carry control characters, where a server lets them pass', () => {
    expect(lastEventId('a\u0001\u007fb')).toBe('a\u0001\u007fb');
  });
});
