import type { SchemaObject } from '../../src/view/openapi/schema-object';
import { streamText } from '../../src/view/openapi/stream-text';
import type { OnEnd, OnError, StreamOptions } from '../../src/stream/stream-options';

const textOf = (
  events: [string | undefined, SchemaObject][],
  format: 'json' | 'text' = 'json',
  onEnd: OnEnd = 'stop',
  onError: OnError = 'reconnect',
) =>
  streamText(
    {
      events: events.map(([name, schema]) => ({ name, data: { schema, components: new Map(), models: [] } })),
      schema: {},
      models: [],
    },
    { format, onEnd, onError } as StreamOptions,
  );

const rowOf = (name: string, schema: SchemaObject): string => textOf([[name, schema]]).split('\n')[4]!;

describe('the description of a stream', () => {
  it('says what data are, without a table where events have no names', () => {
    expect(textOf([[undefined, {}]])).toMatch(/^Server-sent events\. `data` is JSON\.\n\nAt the end/);
    expect(textOf([[undefined, {}]], 'text')).toMatch(/^Server-sent events\. `data` is text\.\n\nAt the end/);
  });

  it.each<[SchemaObject, string]>([
    [{ $ref: '#/components/schemas/Price' }, '`Price`'],
    [{ type: 'string' }, '`string`'],
    [{ type: 'array', items: { $ref: '#/components/schemas/Price' } }, 'array of `Price`'],
    [{ type: 'array', items: {} }, '`array`'],
    [{ anyOf: [{ type: 'string' }, { type: 'number' }] }, '`string` or `number`'],
    [{}, 'any JSON'],
  ])('has %j in its table as %s', (schema, name) => {
    expect(rowOf('price', schema)).toBe(`| \`price\` | ${name} |`);
  });

  it('has a row of its table for each name, whatever characters are in it', () => {
    expect(rowOf('a|b', {})).toBe('| `a\\|b` | any JSON |');
    expect(rowOf('a`b', {})).toBe('| ``a`b`` | any JSON |');
    expect(rowOf('`', {})).toBe('| `` ` `` | any JSON |');
  });

  it('says how the stream ends', () => {
    const endOf = (onEnd: OnEnd): string => textOf([], 'json', onEnd).split('\n\n')[1]!;
    expect(endOf('stop')).toBe(
      'At the end of the stream comes the event `end` with the id `~end` and an empty `data`: the client does not ' +
        'reconnect, and a request with that id as `Last-Event-ID` is answered with 204. A client whose `Accept` does not ' +
        'name `text/event-stream` gets no such event, only the id.',
    );
    expect(endOf({ event: 'done' })).toContain('the event `done` with the id `~end` and an empty `data`');
    expect(endOf({ event: 'done', data: { a: 1 } })).toContain(
      'the event `done` with the id `~end` and `data` `{"a":1}`',
    );
    expect(endOf({ raw: '[DONE]' })).toContain('an event without a name with the id `~end` and `data` `[DONE]`');
    expect(endOf('reconnect')).toBe('At the end of the stream, clients reconnect after `retry`.');
    expect(endOf('nothing')).toBe('At the end of the stream, the connection closes, and `EventSource` reconnects.');
  });

  it('says how the stream fails', () => {
    const errorOf = (onError: OnError): string => textOf([], 'json', 'stop', onError).split('\n\n')[2]!;
    expect(errorOf('reconnect')).toMatch(/`stream-error` \(problem details, RFC 9457\)\. The client reconnects/);
    expect(errorOf('stop')).toMatch(/`stream-error` .*\. The client does not reconnect\.$/);
    expect(errorOf(() => undefined)).toBe('An error after the first event ends the stream.');
  });
});
