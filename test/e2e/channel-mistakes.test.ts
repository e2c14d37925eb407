import { Controller } from '@nestjs/common';
import { ChannelView, SseConfigurationError } from 'nestjs-sse-views';
import { ADAPTERS, type LogLine } from '../support/app';
import { closeChannelApps, startChannelApp } from '../support/channel-app';

afterEach(closeChannelApps);

@Controller('news')
class NewsView extends ChannelView {
  static readonly channel = 'news';
}

/** The call that a mistake was made in, and what the error says of it. */
type Mistake = [name: string, options: unknown, message: RegExp];

const SUBSCRIPTIONS: Mistake[] = [
  ['a number as after', { after: 7 }, /after must be a string, .*@LastEventId\(\).*, not 7$/],
  ['null as after', { after: null }, /after must be a string, .*, not null$/],
  ['a list as after', { after: ['1'] }, /after must be a string, .*, not an array$/],
  ['an unknown beginning', { from: 'newest' }, /from must be 'tip' or 'oldest', not "newest"$/],
  ['a beginning that is true', { from: true }, /from must be 'tip' or 'oldest', not true$/],
  ['a beginning that is a name of Object', { from: 'toString' }, /from must be 'tip' or 'oldest'/],
  ['a boolean as filter', { filter: true }, /filter must be a function that .* returns true or false, not true$/],
  ['a promise as filter', { filter: Promise.resolve() }, /filter must be a function .*, not an object$/],
  ['a controller as signal', { signal: new AbortController() }, /signal must be an AbortSignal, .*, not an object$/],
  ['a function as signal', { signal: () => true }, /signal must be an AbortSignal, .*, not a function$/],
  [
    'an option that there is not',
    { form: 'oldest' },
    /there is no option "form"\. Options are after, from, topic, filter, signal$/,
  ],
  ['a name of Object', { constructor: 1 }, /there is no option "constructor"/],
  ['a text as options', 'user/42', /the options must be an object, not "user\/42"$/],
  ['null as options', null, /the options must be an object, not null$/],
  ['a function as options', () => true, /the options must be an object, not a function$/],
  ['a list as options', [], /the options must be an object, not an array$/],
  [
    'line breaks and a long text',
    { from: `a\n\u001b[31m${'b'.repeat(1_000)}` },
    /not "a\\n\\u001b\[31mb{30,40}"… \(967 more characters\)$/,
  ],
];

const PUBLICATIONS: Mistake[] = [
  ['topics', { topics: ['a'] }, /there is no option "topics"\. Options are key, topic$/],
  ['a name of Object', { toString: 1 }, /there is no option "toString"/],
  ['a text as options', 'user/42', /the options must be an object, not "user\/42"$/],
  ['null as options', null, /the options must be an object, not null$/],
  ['a list as options', ['user/42'], /the options must be an object, not an array$/],
];

const errorsOf = (log: readonly LogLine[]): string[] =>
  log.filter(({ level }) => level === 'error').map(({ message }) => message);

describe.each(ADAPTERS)('a mistake in a call of a channel on %s', (adapter) => {
  it.each(SUBSCRIPTIONS)('is an error at subscribe(): %s', async (_name, options, message) => {
    const { channel } = await startChannelApp(adapter, { controllers: [NewsView] });
    const subscribe = () => channel.subscribe(options as never);
    expect(subscribe).toThrow(SseConfigurationError);
    expect(subscribe).toThrow(message);
    expect(subscribe).toThrow(/^Channel "news", subscribe\(options\): /);
    expect(subscribe).toThrow(expect.objectContaining({ code: 'SSE_INVALID_CONFIGURATION' }));
  });

  it.each(PUBLICATIONS)('is an error at publish(), and nothing is written: %s', async (_name, options, message) => {
    const { channel } = await startChannelApp(adapter, { controllers: [NewsView] });
    const error: unknown = await channel.publish('x', options as never).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'SSE_INVALID_CONFIGURATION', message: expect.stringMatching(message) });
    expect(error).toMatchObject({ message: expect.stringMatching(/^Channel "news", publish\(event, options\): /) });
    expect(channel.counts.published).toBe(0);
  });

  it('is none where an option is undefined', async () => {
    const { channel } = await startChannelApp(adapter, { controllers: [NewsView] });
    const nothing = { after: undefined, from: undefined, topic: undefined, filter: undefined, signal: undefined };
    expect(() => channel.subscribe(nothing)).not.toThrow();
    await channel.publish('x', { key: undefined, topic: undefined } as never);
    expect(channel.counts.published).toBe(1);
  });

  it('of a view is answered 500 at the first request, and the log says which view and what to do', async () => {
    @Controller('from')
    class FromView extends ChannelView {
      static readonly channel = 'news';
      override readonly from = 'newest' as never;
    }

    @Controller('filter')
    class FilterView extends ChannelView {
      static readonly channel = 'news';

      // What was meant to be said of an event, is said of the request.
      override filter() {
        return true as never;
      }
    }
    const app = await startChannelApp(adapter, { controllers: [FromView, FilterView] });
    for (const [path, message] of [
      ['from', `FromView: Channel "news", subscribe(options): from must be 'tip' or 'oldest', not "newest"`],
      ['filter', 'FilterView: Channel "news", subscribe(options): filter must be a function'],
    ]) {
      // Also to `EventSource`: it is no outage that passes.
      const response = await fetch(`${app.url}/${path}`, { headers: { Accept: 'text/event-stream' } });
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain('subscribe');
      expect(errorsOf(app.log).at(-1)).toContain(message);
    }
    expect([...app.channel.subscribers()]).toEqual([]);
  });
});
