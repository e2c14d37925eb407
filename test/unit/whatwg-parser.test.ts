import { readAsBrowser } from '../support/whatwg-parser';

/** The examples of the specification and its corner cases, by which the parser itself is measured. */
describe('the reference parser', () => {
  const dataOf = (body: string): string[] => readAsBrowser(body).events.map(({ data }) => data);

  it('joins data lines with LF', () => {
    expect(dataOf('data: YHOO\ndata: +2\ndata: 10\n\n')).toEqual(['YHOO\n+2\n10']);
  });

  it('reads the four blocks of the specification, the last of which is incomplete', () => {
    const { events } = readAsBrowser(
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n',
    );
    expect(events).toEqual([
      { type: 'message', data: 'first event', lastEventId: '1' },
      { type: 'message', data: 'second event', lastEventId: '' },
    ]);
  });

  it('dispatches empty data and discards data that no blank line ends', () => {
    expect(dataOf('data\n\ndata\ndata\n\ndata:')).toEqual(['', '\n']);
  });

  it('takes one space off, and only one', () => {
    expect(dataOf('data:test\n\ndata: test\n\ndata:  test\n\n')).toEqual(['test', 'test', ' test']);
  });

  it.each(['\n', '\r', '\r\n'])('ends lines at %j', (end) => {
    expect(readAsBrowser(['event: a', 'data: 1', '', 'data: 2', '', ''].join(end)).events).toEqual([
      { type: 'a', data: '1', lastEventId: '' },
      { type: 'message', data: '2', lastEventId: '' },
    ]);
  });

  it('takes CRLF as one end of line, also when it is cut in the middle', () => {
    expect(readAsBrowser('data: 1\r\ndata: 2\r\n\r\n', [8, 1]).events).toHaveLength(1);
  });

  it('drops one byte order mark at the start, and keeps any other', () => {
    expect(dataOf('\uFEFFdata: \uFEFFa\n\n')).toEqual(['\uFEFFa']);
    expect(dataOf('\uFEFF\uFEFFdata: a\n\n')).toEqual([]);
  });

  it('keeps the last id for later events and for frames without data', () => {
    const parser = readAsBrowser('id: 1\ndata: a\n\ndata: b\n\nid: 2\n\n');
    expect(parser.events.map(({ lastEventId }) => lastEventId)).toEqual(['1', '1']);
    expect(parser.lastEventId).toBe('2');
  });

  it('ignores an id with NUL, a retry that is not digits, and a field that it does not know', () => {
    const parser = readAsBrowser('id: 1\nid: a\0b\nretry: 1.5\nretry: -1\nretry: \nfoo: bar\ndata: x\n\n');
    expect(parser.lastEventId).toBe('1');
    expect(parser.reconnectionTime).toBeUndefined();
    expect(readAsBrowser('retry: 0\n').reconnectionTime).toBe(0);
  });

  it('decodes a character that is cut between its bytes, and replaces bytes that are no UTF-8', () => {
    expect(dataOf('data: 👩‍🚀\n\n')).toEqual(['👩‍🚀']);
    expect(readAsBrowser(Buffer.from('data: \xff\n\n', 'latin1')).events[0]?.data).toBe('\uFFFD');
  });
});
