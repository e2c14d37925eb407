import type { SchemaObject } from '../../src/view/openapi/schema-object';
import { streamText } from '../../src/view/openapi/stream-text';
import type { OnEnd, StreamOptions } from '../../src/stream/stream-options';

const textOf = (
  events: [string | undefined, SchemaObject][],
  format: 'json' | 'text' = 'json',
  onEnd: OnEnd = 'stop',
) =>
  streamText(
    {
      events: events.map(([name, schema]) => ({ name, data: { schema, components: new Map(), models: [] } })),
      schema: {},
      models: [],
    },
    { format, onEnd } as StreamOptions,
  );

const rowOf = (name: string, schema: SchemaObject): string => textOf([[name, schema]]).split('\n')[4]!;

describe('the description of a stream', () => {
  it('says what data are, without a table where events have no names', () => {
    expect(textOf([[undefined, {}]])).toMatch(/^Server-sent events\. `data` is JSON\.\n\nWhen/);
    expect(textOf([[undefined, {}]], 'text')).toMatch(/^Server-sent events\. `data` is text\.\n\nWhen/);
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

  it('says how the stream ends, and how it fails', () => {
    expect(textOf([], 'json', 'stop')).toContain('the event `end` comes last, and `EventSource` does not reconnect');
    expect(textOf([], 'json', 'reconnect')).toContain('clients reconnect');
    expect(textOf([], 'json', 'nothing')).toContain('clients reconnect');
    expect(textOf([], 'json', {})).toContain('the event `end` comes last');
    expect(textOf([], 'json', { event: 'done' })).toContain('the event `done` comes last');
    expect(textOf([], 'json', { event: 'done', data: 5 })).toContain('the event `done` comes last');
    for (const onEnd of [{ data: { total: 5 } }, { raw: '[DONE]' }]) {
      expect(textOf([], 'json', onEnd)).toContain('an event without a name comes last, and `EventSource` does not');
    }
    expect(textOf([])).toContain('`stream-error`');
  });
});
