import { Controller, Injectable } from '@nestjs/common';
import { IsInt, IsString, Validate, type ValidatorConstraintInterface, ValidatorConstraint } from 'class-validator';
import { Expose } from 'class-transformer';
import { ChannelView, InjectChannel, sseEvent, type EventsOf, type SseChannel, type SseYield } from 'nestjs-sse-views';
import { z } from 'zod';
import { ADAPTERS } from '../support/app';
import { closeChannelApps, nextTurn, startChannelApp } from '../support/channel-app';

afterEach(closeChannelApps);

@Controller('news')
class NewsView extends ChannelView {
  static readonly channel = 'news';

  override topic({ query }: { query: { topic?: string } }) {
    return query.topic;
  }
}

class Message {
  @IsString()
  text!: string;

  @IsInt()
  @Expose({ name: 'stars' })
  rating!: number;
}

describe.each(ADAPTERS)('publishing to a channel on %s', (adapter) => {
  it('reaches every client from any service, once the promise has resolved with the id on the wire', async () => {
    @Injectable()
    class Newsroom {
      constructor(@InjectChannel('news') private readonly news: SseChannel<string>) {}

      report(text: string) {
        return this.news.publish({ event: 'report', data: text });
      }
    }
    const app = await startChannelApp(adapter, { controllers: [NewsView], providers: [Newsroom] });
    const clients = Array.from({ length: 3 }, () => app.connect('/news'));
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    const { id, duplicate } = await app.app.get(Newsroom).report('line\none\r\nü 😀');
    expect(duplicate).toBe(false);
    await Promise.all(clients.map((client) => client.untilEvents(2)));
    for (const { frames } of clients) {
      expect(frames[1]).toBe(`id: ${id}\nevent: report\ndata: "line\\none\\r\\nü 😀"\n\n`);
    }
    expect(id).toMatch(/^[\w.~-]{1,96}$/);
  });

  it('resolves though nobody subscribes, and keeps the event for those who come back', async () => {
    const app = await startChannelApp(adapter, { controllers: [NewsView] });
    const first = await app.channel.publish('one');
    const second = await app.channel.publish('two');
    const client = app.connect('/news', { lastEventId: first.id });
    await client.untilEvents(1);
    expect(client.events).toEqual([{ event: undefined, id: second.id, data: 'two' }]);
  });

  it('sends what an envelope says, and takes data alone', async () => {
    const app = await startChannelApp(adapter, { controllers: [NewsView] });
    const client = app.connect('/news');
    await client.untilEvents(1);
    const ids = [];
    for (const event of [
      { data: null },
      { event: 'named', data: [0, false, ''], comment: 'two\nlines' },
      { headline: 'data alone' },
      7,
    ]) {
      ids.push((await app.channel.publish(event)).id);
    }
    await client.untilEvents(5);
    expect(client.frames.slice(1)).toEqual([
      `id: ${ids[0]}\ndata: null\n\n`,
      `id: ${ids[1]}\n: two\n: lines\nevent: named\ndata: [0,false,""]\n\n`,
      `id: ${ids[2]}\ndata: {"headline":"data alone"}\n\n`,
      `id: ${ids[3]}\ndata: 7\n\n`,
    ]);
  });

  it('writes what the data were when publish() was called', async () => {
    const app = await startChannelApp(adapter, { controllers: [NewsView] });
    const client = app.connect('/news');
    await client.untilEvents(1);
    const data = { n: 1 };
    void app.channel.publish({ data });
    data.n = 2;
    await client.untilEvents(2);
    expect(client.data).toEqual([{ n: 1 }]);
  });

  describe('validates what is published', () => {
    const schemas = {
      message: Message,
      price: z.object({ amount: z.string().transform(Number) }),
    };
    const cases: [name: string, schema: object, right: object, wire: string, wrong: object, issue: string][] = [
      [
        'a class',
        Message,
        { data: { text: 'a', rating: 5 } },
        'data: {"text":"a","stars":5}\n\n',
        { data: { text: 'a', rating: 'five' } },
        'rating',
      ],
      [
        'a Standard Schema',
        schemas.price,
        { data: { amount: '12.5' } },
        'data: {"amount":12.5}\n\n',
        { data: { amount: 12 } },
        'amount',
      ],
      [
        'a record by event name',
        schemas,
        { event: 'price', data: { amount: '12.5' } },
        'event: price\ndata: {"amount":12.5}\n\n',
        { event: 'message', data: { text: 5, rating: 5 } },
        'text',
      ],
    ];

    it.each(cases)(
      'against %s: an event that does not fit rejects with its issues and nothing is written',
      async (_name, schema, right, wire, wrong, issue) => {
        const app = await startChannelApp(adapter, { controllers: [NewsView], channel: { schema: schema as never } });
        const client = app.connect('/news');
        await client.untilEvents(1);
        await expect(app.channel.publish(wrong as SseYield<unknown>)).rejects.toMatchObject({
          code: 'SSE_INVALID_DATA',
          issues: [{ path: [issue], message: expect.any(String) }],
        });
        const { id } = await app.channel.publish(right as SseYield<unknown>);
        await client.untilEvents(2);
        expect(client.frames.slice(1)).toEqual([`id: ${id}\n${wire}`]);
        // Nor does the history have it.
        const again = app.connect('/news', { lastEventId: client.events[0]!.id });
        await again.untilEvents(1);
        await app.channel.publish(right as SseYield<unknown>);
        await again.untilEvents(2);
        expect(again.frames).toHaveLength(2);
        expect(app.channel.counts).toMatchObject({ published: 2, dropped: 0 });
      },
    );

    it('against a record: a name outside it and an event without a name reject', async () => {
      const app = await startChannelApp<EventsOf<typeof schemas>>(adapter, {
        controllers: [NewsView],
        channel: { schema: schemas },
      });
      for (const event of [{ event: 'trade', data: {} }, { data: { amount: '1' } }, { event: 'toString', data: {} }]) {
        await expect(app.channel.publish(event as never)).rejects.toMatchObject({ code: 'SSE_INVALID_DATA' });
      }
      expect(app.channel.counts.published).toBe(0);
    });

    it('keeps the order of the calls though validations take different times, and one that fails holds up nobody', async () => {
      const gates = new Map<string, () => void>();
      @ValidatorConstraint({ async: true })
      class Gate implements ValidatorConstraintInterface {
        async validate(value: string) {
          if (value !== 'at once') {
            await new Promise<void>((resolve) => gates.set(value, resolve));
          }
          return value !== 'invalid';
        }
      }
      class Gated {
        @Validate(Gate)
        gate!: string;
      }
      const app = await startChannelApp<Gated>(adapter, { controllers: [NewsView], channel: { schema: Gated } });
      const client = app.connect('/news');
      await client.untilEvents(1);
      const settled: string[] = [];
      const publish = (gate: string): Promise<unknown> =>
        app.channel.publish({ data: { gate } }).then(
          () => settled.push(gate),
          () => settled.push(`${gate} rejected`),
        );
      const all = ['slow', 'at once', 'invalid', 'slower', 'at once'].map(publish);
      await client.until(() => gates.size === 3);
      gates.get('slower')!();
      gates.get('invalid')!();
      for (let turn = 0; turn < 5; turn++) {
        await nextTurn();
      }
      // The last may settle as soon as it knows; nothing is written before its turn.
      expect(client.data).toEqual([]);
      gates.get('slow')!();
      await Promise.all(all);
      await client.untilEvents(5);
      expect(client.data).toEqual(['slow', 'at once', 'slower', 'at once'].map((gate) => ({ gate })));
      expect(settled).toEqual(['slow', 'at once', 'invalid rejected', 'slower', 'at once']);
      // And it is over with them: the next is not held up.
      await app.channel.publish({ data: { gate: 'at once' } });
      expect(app.channel.counts.published).toBe(5);
    });
  });

  it('keeps the order of the calls where one validation takes time and the next takes none', async () => {
    let pass = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      pass = resolve;
    });
    const app = await startChannelApp(adapter, {
      controllers: [NewsView],
      channel: { schema: { slow: z.string().refine(() => gate.then(() => true)), quick: z.string() } },
    });
    const client = app.connect('/news');
    await client.untilEvents(1);
    const all = ['slow', 'quick', 'quick'].map((event) => app.channel.publish({ event, data: event }));
    await nextTurn();
    pass();
    const ids = (await Promise.all(all)).map(({ id }) => id);
    await client.untilEvents(4);
    expect(client.events.slice(1).map(({ event }) => event)).toEqual(['slow', 'quick', 'quick']);
    expect(client.events.slice(1).map(({ id }) => id)).toEqual(ids);
  });

  it('validates and encodes once for 1,000 connections, and all of them get the same bytes', async () => {
    const calls = { validate: 0, toJson: 0 };
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'counting',
        validate: (value: unknown) => {
          calls.validate++;
          return { value };
        },
      },
    };
    const app = await startChannelApp(adapter, { controllers: [NewsView], channel: { schema } });
    const clients = [];
    for (let hundred = 0; hundred < 10; hundred++) {
      const some = Array.from({ length: 100 }, () => app.connect('/news'));
      clients.push(...some);
      await Promise.all(some.map((client) => client.untilEvents(1, 20_000)));
    }
    const data = {
      toJSON: () => {
        calls.toJson++;
        return { text: 'x'.repeat(200) };
      },
    };
    for (let event = 0; event < 3; event++) {
      void app.channel.publish({ event: 'big', data });
    }
    await Promise.all(clients.map((client) => client.untilEvents(4, 20_000)));
    expect(calls).toEqual({ validate: 3, toJson: 3 });
    const bodies = new Set(clients.map(({ chunks }) => chunks.at(-1)));
    expect(bodies.size).toBe(1);
    expect([...bodies][0]!.match(/event: big\n/g)).toHaveLength(3);
  }, 60_000);

  it('sends the events of one turn in one write for each connection, and another turn in another', async () => {
    const app = await startChannelApp(adapter, { controllers: [NewsView] });
    const clients = Array.from({ length: 5 }, () => app.connect('/news'));
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    const before = clients.map(({ chunks }) => chunks.length);
    const publish = (data: string): Promise<unknown> => app.channel.publish({ data });
    void publish('a synchronous loop');
    void publish('its second');
    // What promises lead to is of the same turn.
    await publish('awaited');
    await publish('awaited after that');
    await Promise.resolve().then(() => publish('from a microtask'));
    await nextTurn();
    await publish('another turn');
    await Promise.all(clients.map((client) => client.untilEvents(7)));
    const written = clients.map(({ chunks }, index) => chunks.slice(before[index]));
    expect(new Set(written.map((chunks) => JSON.stringify(chunks))).size).toBe(1);
    expect(written[0]).toHaveLength(2);
    expect(written[0]!.map((chunk) => chunk.match(/^id: /gm)!.length)).toEqual([5, 1]);
  });

  describe('rejects, and writes nothing,', () => {
    const long = 'x'.repeat(257);
    const OWN_NAMES = ['start', 'gap', 'snapshot', 'end', 'stream-error', 'ping', '~end', '~mine'];
    type Refused = [string, unknown, object | undefined, object];
    it.each<Refused>([
      ['an id', { data: 1, id: '5' }, undefined, { code: 'SSE_INVALID_FIELD', field: 'id' }],
      ['an id that is a number', { data: 1, id: 5 }, undefined, { code: 'SSE_INVALID_FIELD', field: 'id' }],
      ...OWN_NAMES.map((event): Refused => {
        return [`the name ${event}`, { event, data: 1 }, undefined, { code: 'SSE_INVALID_FIELD', field: 'event' }];
      }),
      ['undefined', undefined, undefined, { code: 'SSE_INVALID_FIELD', field: 'data' }],
      ['an envelope without data', { data: undefined }, undefined, { code: 'SSE_INVALID_FIELD', field: 'data' }],
      ['a comment alone', sseEvent({ comment: 'a' }), undefined, { code: 'SSE_INVALID_FIELD', field: 'data' }],
      ['a retry alone', sseEvent({ retry: 5 }), undefined, { code: 'SSE_INVALID_FIELD', field: 'data' }],
      ['a retry beside data', { retry: 5, data: 1 }, undefined, { code: 'SSE_INVALID_FIELD', field: 'retry' }],
      ['LF in a name', { event: 'a\ndata: b', data: 1 }, undefined, { code: 'SSE_INVALID_FIELD', field: 'event' }],
      ['CR in a name', { event: 'a\rid: b', data: 1 }, undefined, { code: 'SSE_INVALID_FIELD', field: 'event' }],
      ['a retry that is none', { retry: -1, data: 1 }, undefined, { code: 'SSE_INVALID_FIELD', field: 'retry' }],
      ['data that JSON cannot express', { data: 5n }, undefined, { code: 'SSE_INVALID_FIELD', field: 'data' }],
      ['a function', { data: () => 1 }, undefined, { code: 'SSE_INVALID_FIELD', field: 'data' }],
      ['an empty key', 1, { key: '' }, { code: 'SSE_INVALID_KEY' }],
      ['a long key', 1, { key: long }, { code: 'SSE_INVALID_KEY' }],
      ['a key that is a number', 1, { key: 5 }, { code: 'SSE_INVALID_KEY' }],
      ['a key with a lone surrogate', 1, { key: 'a\ud800' }, { code: 'SSE_INVALID_KEY' }],
      ['an empty topic', 1, { topic: '' }, { code: 'SSE_INVALID_TOPIC' }],
      ['a long topic', 1, { topic: long }, { code: 'SSE_INVALID_TOPIC' }],
      ['a topic with a control character', 1, { topic: 'a\nb' }, { code: 'SSE_INVALID_TOPIC' }],
      ['a topic with a lone surrogate', 1, { topic: '\ud800' }, { code: 'SSE_INVALID_TOPIC' }],
      ['a topic that is a number', 1, { topic: 5 }, { code: 'SSE_INVALID_TOPIC' }],
      ['a topic that is null', 1, { topic: null }, { code: 'SSE_INVALID_TOPIC' }],
    ])('%s', async (_name, event, options, error) => {
      const app = await startChannelApp(adapter, { controllers: [NewsView] });
      const before = await app.channel.publish('before');
      const publish = app.channel.publish(event as SseYield<unknown>, options);
      await expect(publish).rejects.toMatchObject(error);
      const after = await app.channel.publish('after');
      const client = app.connect('/news', { lastEventId: before.id });
      await client.untilEvents(1);
      expect(client.events).toEqual([{ event: undefined, id: after.id, data: 'after' }]);
      expect(app.channel.counts.published).toBe(2);
    });
  });

  describe('with a key', () => {
    it('writes one event however often it is published, and answers each with the first id', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView] });
      const client = app.connect('/news');
      await client.untilEvents(1);
      const [first, atOnce] = await Promise.all([
        app.channel.publish('paid', { key: 'order 7' }),
        app.channel.publish('paid', { key: 'order 7' }),
      ]);
      const later = await app.channel.publish('paid', { key: 'order 7' });
      expect(first.duplicate).toBe(false);
      expect([atOnce, later]).toEqual([
        { id: first.id, duplicate: true },
        { id: first.id, duplicate: true },
      ]);
      await app.channel.publish('paid', { key: 'order 8' });
      await client.untilEvents(3);
      expect(client.data).toEqual(['paid', 'paid']);
      expect(app.channel.counts).toMatchObject({ published: 2, duplicates: 2 });
    });

    it('means another publication in another topic', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView] });
      // Where topic and key run together, too.
      const published = [
        await app.channel.publish(1, { key: 'bc', topic: 'a' }),
        await app.channel.publish(1, { key: 'c', topic: 'ab' }),
        await app.channel.publish(1, { key: 'bc' }),
      ];
      expect(published.map(({ duplicate }) => duplicate)).toEqual([false, false, false]);
    });

    it('is not used up by an event that was rejected', async () => {
      const app = await startChannelApp(adapter, { controllers: [NewsView], channel: { schema: z.number() } });
      await expect(app.channel.publish('one' as never, { key: 'k' })).rejects.toThrow('do not fit');
      expect(await app.channel.publish(1, { key: 'k' })).toMatchObject({ duplicate: false });
    });
  });

  it('reaches the topic that it names, and no other', async () => {
    const app = await startChannelApp(adapter, { controllers: [NewsView] });
    const own = app.connect('/news');
    const one = app.connect('/news?topic=user/1');
    const two = app.connect('/news?topic=user/2');
    await Promise.all([own, one, two].map((client) => client.untilEvents(1)));
    await app.channel.publish('to one', { topic: 'user/1' });
    await app.channel.publish('to two', { topic: 'user/2' });
    await app.channel.publish('to the channel');
    await Promise.all([own, one, two].map((client) => client.untilEvents(2)));
    expect([own.data, one.data, two.data]).toEqual([['to the channel'], ['to one'], ['to two']]);
  });
});
