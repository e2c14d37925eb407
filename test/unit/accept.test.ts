import { acceptsEventStream, isEventSource, namesMediaType } from '../../src/stream/accept';

const asking = (accept: string | string[] | undefined) => ({ headers: { accept } });

describe('who asks', () => {
  it.each<[accept: string | string[] | undefined, isEventSource: boolean, acceptsEventStream: boolean]>([
    // As Chromium, Firefox and WebKit send it.
    ['text/event-stream', true, true],
    [' Text/Event-Stream ', true, true],
    [['text/event-stream'], true, true],
    ['text/event-stream, application/problem+json', false, true],
    ['application/problem+json,text/event-stream', false, true],
    ['application/json;q=0.5, TEXT/EVENT-STREAM;q=0.9', false, true],
    ['text/event-stream;q=1', false, true],
    ['text/event-stream, */*', false, true],
    [['application/json', 'text/event-stream'], false, true],
    ['text/event-stream;q=0', false, false],
    ['text/event-stream; q=0.000, application/json', false, false],
    ['text/event-stream;q=0.001', false, true],
    ['text/event-streams', false, false],
    ['x-text/event-stream', false, false],
    ['application/json;profile=text/event-stream', false, false],
    ['text/*', false, false],
    ['*/*', false, false],
    ['application/json', false, false],
    ['', false, false],
    [undefined, false, false],
  ])('Accept: %j: EventSource %s, reads an event stream %s', (accept, source, reads) => {
    expect([isEventSource(asking(accept)), acceptsEventStream(asking(accept))]).toEqual([source, reads]);
  });

  it('names a type with any parameters', () => {
    const accept = 'text/event-stream, Application/Problem+JSON;charset=utf-8;q=0.8';
    expect(namesMediaType(asking(accept), 'application/problem+json')).toBe(true);
    expect(namesMediaType(asking(accept), 'application/json')).toBe(false);
  });
});
