import { Controller, Headers } from '@nestjs/common';
import {
  InjectChannel,
  LastEventId,
  SseRoute,
  SseSignal,
  type SseChannel,
  type SseModuleOptions,
  type SseRouteOptions,
} from 'nestjs-sse-views';
import { from, map, mergeMap, of, concat } from 'rxjs';
import { z } from 'zod';
import { ADAPTERS } from '../support/app';
import { closeChannelApps, startChannelApp } from '../support/channel-app';

const UUID = /^id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/m;

afterEach(closeChannelApps);

describe.each(ADAPTERS)("events of a handler's own beside those of a channel on %s", (adapter) => {
  /** A handler that greets, then passes on what is published, with a word of its own after each. */
  const handler = (options: SseRouteOptions = {}) => {
    @Controller()
    class Mixed {
      constructor(@InjectChannel('news') private readonly news: SseChannel<string>) {}

      @SseRoute('mixed', options)
      async *mixed(@LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
        yield { event: 'greeting', data: 'hello' };
        for await (const event of this.news.subscribe({ after, signal })) {
          yield event;
          yield { event: 'own', data: 'after it' };
        }
      }

      @SseRoute('new', options)
      async *new(@SseSignal() signal: AbortSignal) {
        for await (const event of this.news.subscribe({ signal })) {
          yield event;
          yield { event: 'own', data: 'after it' };
          yield { event: 'explicit', data: 'after it', id: 'mine' };
        }
      }
    }
    return Mixed;
  };

  it('have no id that would hide how far the client is, so it resumes without a gap', async () => {
    const app = await startChannelApp<string>(adapter, { controllers: [handler()] });
    const client = app.connect('/mixed');
    await client.untilEvents(3);
    const { id } = await app.channel.publish('one');
    await client.untilEvents(5);
    expect(client.names).toEqual(['greeting', 'start', 'own', undefined, 'own']);
    expect(client.frames.map((frame) => /^id: /m.test(frame))).toEqual([false, true, false, true, false]);
    expect(client.lastEventId).toBe(id);
    client.leave();
    await app.channel.publish('two');
    const again = app.connect('/mixed', { lastEventId: client.lastEventId });
    await again.untilEvents(3);
    expect([again.names, again.gaps, again.data]).toEqual([
      ['greeting', undefined, 'own'],
      [],
      ['hello', 'two', 'after it'],
    ]);
  });

  it('have no id in a handler that does not read the last one, from the first event of the channel on', async () => {
    const app = await startChannelApp<string>(adapter, { controllers: [handler()] });
    const client = app.connect('/new');
    await client.untilEvents(3);
    expect(client.frames[1]).toBe('event: own\ndata: "after it"\n\n');
    expect(client.frames[2]).toBe('event: explicit\nid: mine\ndata: "after it"\n\n');
  });

  it.each<[string, SseRouteOptions]>([
    ['a schema', { responseSchema: z.string() }],
    ['a schema that is asynchronous', { responseSchema: z.string().refine(async () => true) }],
    ['operators', { pipe: (events$) => events$.pipe(map((event) => event)) }],
    ['a schema and operators', { responseSchema: z.string(), pipe: (events$) => events$.pipe(map((event) => event)) }],
  ])('have none behind %s either', async (_name, options) => {
    const app = await startChannelApp<string>(adapter, { controllers: [handler(options)] });
    const client = app.connect('/new');
    await client.untilEvents(3);
    expect(client.frames.map((frame) => /^id: /m.test(frame))).toEqual([true, false, true]);
  });

  it.each<[string, SseRouteOptions, SseModuleOptions]>([
    ['the route', { eventId: ({ event }) => `of ${event}` }, {}],
    ['the module', {}, { eventId: ({ event }) => `of ${event}` }],
  ])('have the id that %s gives them', async (_name, options, sse) => {
    const app = await startChannelApp<string>(adapter, { controllers: [handler(options)], sse });
    const client = app.connect('/mixed');
    await client.untilEvents(3);
    expect(client.frames[0]).toBe('event: greeting\nid: of greeting\ndata: "hello"\n\n');
    expect(client.frames[2]).toBe('event: own\nid: of own\ndata: "after it"\n\n');
  });

  it('have none in an Observable that brings both', async () => {
    @Controller()
    class Merged {
      constructor(@InjectChannel('news') private readonly news: SseChannel<string>) {}

      @SseRoute('merged')
      merged(@SseSignal() signal: AbortSignal) {
        const events$ = from(this.news.subscribe({ signal }));
        return events$.pipe(mergeMap((event) => concat(of(event), of({ event: 'own', data: 1 }))));
      }
    }
    const app = await startChannelApp<string>(adapter, { controllers: [Merged] });
    const client = app.connect('/merged');
    await client.untilEvents(2);
    expect(client.frames[1]).toBe('event: own\ndata: 1\n\n');
  });

  it('are as they ever were in other streams: a random id, unless the handler reads the last one', async () => {
    @Controller()
    class Others {
      @SseRoute('plain')
      *plain() {
        yield 1;
      }

      @SseRoute('resumed')
      *resumed(@LastEventId() _id: string | undefined) {
        yield 1;
        yield { data: 2, id: 'two' };
      }

      @SseRoute('header')
      *header(@Headers('Last-Event-ID') _id: string | undefined, @Headers('accept') _accept: string) {
        yield 1;
      }

      @SseRoute('other-header')
      *otherHeader(@Headers('accept') _accept: string, @SseSignal() _signal: AbortSignal) {
        yield 1;
      }
    }
    const { url } = await startChannelApp(adapter, { controllers: [Others] });
    const bodyOf = async (path: string): Promise<string> => (await fetch(`${url}/${path}`)).text();
    expect(await bodyOf('plain')).toMatch(UUID);
    expect(await bodyOf('other-header')).toMatch(UUID);
    expect(await bodyOf('header')).toMatch(/^data: 1\n\n/);
    expect(await bodyOf('resumed')).toMatch(/^data: 1\n\nid: two\ndata: 2\n\n/);
  });
});
