import { SeededRandom } from '../../src/testing/backplane/seeded-random';
import { compare } from './compare';
import { runFuzz } from './fuzz-run';
import { reproductionOf } from './report';
import { hostileText } from './strings';

// `npm run fuzz` does the same for longer.
describe('random values through real applications', () => {
  it('arrive as they are, or are refused, or counted: nothing is injected, nothing is lost, nothing escapes', async () => {
    const { tallies, failures } = await runFuzz({ seed: 7, events: 20_000 });
    expect(failures.map((failure) => reproductionOf(failure, 7))).toEqual([]);
    // It was a run: values of each fate, on both ways.
    const { streams, channels } = tallies;
    expect(Math.min(streams.delivered, streams.refused, streams.dropped, streams.leftOut)).toBeGreaterThan(50);
    expect(Math.min(channels.delivered, channels.refused)).toBeGreaterThan(1_000);
  }, 120_000);
});

describe('what the comparison finds', () => {
  const sent = [
    { comment: 'a\rb', event: { type: 'price', data: 'x\ny', id: 'one' } },
    { retry: 5 },
    { event: { type: 'message', data: '1', id: undefined } },
  ];
  const body = ': a\n: b\nevent: price\nid: one\ndata: x\ndata: y\n\nretry: 5\n\ndata: 1\n\n';
  const events = [
    { type: 'price', data: 'x\ny', lastEventId: 'one' },
    { type: 'message', data: '1', lastEventId: 'one' },
  ];
  const kindsOf = (...args: Parameters<typeof compare>): string[] => compare(...args).map(({ kind }) => kind);

  it('is nothing, where all arrives', () => {
    expect(kindsOf(sent, events, body)).toEqual([]);
  });

  it.each([
    ['an event too many', [...events, events[1]!], body, 'injected'],
    ['an event too few', events.slice(0, 1), body, 'lost'],
    ['an event that is left out', [{ ...events[1]!, lastEventId: '' }], body, 'lost'],
    ['another id', [events[0]!, { ...events[1]!, lastEventId: '' }], body, 'injected'],
    ['other data', [{ ...events[0]!, data: 'x y' }, events[1]!], body, 'injected'],
    ['a line that is no field', events, `${body}evil\n\n`, 'injected'],
    ['a carriage return', events, body.replace('a\n', 'a\r\n'), 'injected'],
    ['a comment too few', events, body.replace(': b\n', ''), 'lost'],
    ['another time', events, body.replace('retry: 5', 'retry: 50'), 'injected'],
    ['a time too many', events, `retry: 1\n\n${body}`, 'injected'],
    ['an error that nobody expects', [events[0]!, { ...events[1]!, type: 'stream-error' }], body, 'wrong'],
  ])('is %s', (_name, actual, text, kind) => {
    expect(kindsOf(sent, actual, text)).toContain(kind);
  });

  it('has all that an injection is made of among its texts', () => {
    const random = new SeededRandom(1);
    const texts = Array.from({ length: 5_000 }, () => hostileText(random)).join('');
    for (const part of ['\r\n', '\r', '\n\n', '\0', '\ufeff', '\ud800', '\ndata: injected', '\u2028', '\u001b']) {
      expect(texts.includes(part)).toBe(true);
    }
  });
});
