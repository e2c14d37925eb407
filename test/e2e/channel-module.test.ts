import { Controller, Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Exclude, Expose } from 'class-transformer';
import { IsString } from 'class-validator';
import {
  ChannelView,
  DEFAULT_HISTORY,
  getChannelToken,
  InjectChannel,
  memoryBackplane,
  SseChannel,
  SseChannels,
  SseModule,
  type Backplane,
  type BackplanePublishOptions,
  type SseChannelOptions,
} from 'nestjs-sse-views';
import { ADAPTERS, startApp } from '../support/app';
import { closeChannelApps, nextTurn, startChannelApp } from '../support/channel-app';
import { ChannelClient } from '../support/channel-client';
import { until } from '../support/until';

afterEach(closeChannelApps);

@Controller('news')
class NewsView extends ChannelView {
  static readonly channel = 'news';
}

/** The memory backplane, with a record of what it was asked. */
function recordingBackplane() {
  const memory = memoryBackplane();
  const calls: string[] = [];
  const published: (BackplanePublishOptions | undefined)[] = [];
  const backplane: Backplane = {
    capabilities: memory.capabilities,
    start: async () => {
      calls.push('start');
      await nextTurn();
      calls.push('started');
    },
    publish: (topic, payload, options) => {
      calls.push(`publish ${topic}`);
      published.push(options);
      return memory.publish(topic, payload, options);
    },
    subscribe: (topic, options) => memory.subscribe(topic, options),
    close: () => {
      calls.push('close');
      return memory.close();
    },
  };
  return { backplane, calls, published };
}

describe.each(ADAPTERS)('SseModule.forFeature() on %s', (adapter) => {
  it('makes channels in one module that every other module can inject, each its own', async () => {
    @Injectable()
    class Newsroom {
      constructor(
        @InjectChannel('news') readonly news: SseChannel<string>,
        @Inject(getChannelToken('sports')) readonly sports: SseChannel<string>,
      ) {}
    }
    @Module({ imports: [SseModule.forFeature([{ name: 'news' }, { name: 'sports' }])] })
    class ChannelsModule {}
    @Module({ providers: [Newsroom], exports: [Newsroom] })
    class NewsroomModule {}
    const app = await startApp(adapter, { imports: [NewsroomModule, ChannelsModule], controllers: [NewsView] });
    const { news, sports } = app.app.get(Newsroom, { strict: false });
    expect([news, sports].map((channel) => [channel instanceof SseChannel, channel.name])).toEqual([
      [true, 'news'],
      [true, 'sports'],
    ]);
    expect([...app.app.get(SseChannels)]).toEqual([news, sports]);
    expect(app.app.get(SseChannels).get('sports')).toBe(sports);
    expect(() => app.app.get(SseChannels).get('weather')).toThrow(/no channel "weather".*"news", "sports"/);
    const client = new ChannelClient(app.port, '/news');
    await client.untilEvents(1);
    await sports.publish('for sports');
    await news.publish('for news');
    await client.untilEvents(2);
    expect(client.data).toEqual(['for news']);
  });

  it('may be imported in several modules as one and the same', async () => {
    const channels = SseModule.forFeature([{ name: 'news' }]);
    @Module({ imports: [channels] })
    class OneModule {}
    @Module({ imports: [channels] })
    class TwoModule {}
    const app = await startApp(adapter, { imports: [OneModule, TwoModule] });
    expect([...app.app.get(SseChannels)]).toHaveLength(1);
  });

  it.each<[string, () => Parameters<typeof startApp>[1]['imports']]>([
    [
      'in two modules',
      () => [SseModule.forFeature([{ name: 'a' }]), SseModule.forFeature([{ name: 'a', schema: Date }])],
    ],
    ['in one list', () => [SseModule.forFeature([{ name: 'a' }, { name: 'b' }, { name: 'a' }])]],
  ])('makes each name once: twice %s is an error', async (_name, imports) => {
    const start = async () => startApp(adapter, { imports: imports()! });
    await expect(start()).rejects.toMatchObject({
      code: 'SSE_INVALID_CONFIGURATION',
      message: expect.stringMatching(/"a"/),
    });
  });

  it('needs SseModule in the application, and says so', async () => {
    await expect(
      startApp(adapter, { sse: null, imports: [SseModule.forFeature([{ name: 'news' }])] }),
    ).rejects.toMatchObject({ code: 'SSE_MODULE_MISSING', message: expect.stringContaining('SseModule.forRoot()') });
  });

  it('serialises by the options of the channel, or else of the module', async () => {
    class Person {
      @IsString()
      @Expose()
      name!: string;
      @Exclude()
      password?: string;
      @IsString()
      @Expose({ groups: ['staff'] })
      phone!: string;
    }
    @Controller('staff')
    class StaffView extends ChannelView {
      static readonly channel = 'staff';
    }
    const app = await startApp(adapter, {
      sse: { serializerOptions: { groups: ['public'] } },
      imports: [
        SseModule.forFeature([
          { name: 'news', schema: Person },
          { name: 'staff', schema: Person, serializerOptions: { groups: ['staff'] } },
        ]),
      ],
      controllers: [NewsView, StaffView],
    });
    const person = Object.assign(new Person(), { name: 'Ann', password: 'secret', phone: '5' });
    const data = [];
    for (const name of ['news', 'staff']) {
      const client = new ChannelClient(app.port, `/${name}`);
      await client.untilEvents(1);
      await app.app.get(SseChannels).get(name).publish({ data: person });
      await client.untilEvents(2);
      data.push(client.data[0]);
    }
    expect(data).toEqual([{ name: 'Ann' }, { name: 'Ann', phone: '5' }]);
  });

  it('gives a channel that a test can override, for services and views alike', async () => {
    @Injectable()
    class Newsroom {
      constructor(@InjectChannel('news') readonly news: SseChannel<string>) {}
    }
    const published: unknown[] = [];
    const fake = {
      publish: (event: unknown) => published.push(event),
      subscribe: () => [{ event: 'faked', data: 1 }],
    };
    const module = await Test.createTestingModule({
      imports: [SseModule.forRoot(), SseModule.forFeature([{ name: 'news' }])],
      controllers: [NewsView],
      providers: [Newsroom],
    })
      .overrideProvider(getChannelToken('news'))
      .useValue(fake)
      .compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    try {
      await app.get(Newsroom).news.publish('one');
      expect(published).toEqual(['one']);
      expect(await (await fetch(`${await app.getUrl()}/news`)).text()).toContain('event: faked\ndata: 1\n\n');
    } finally {
      await app.close();
    }
  });
});

describe('the options of a channel', () => {
  it.each<[string, unknown, RegExp]>([
    ['one that is no list', { name: 'a' }, /takes a list of channels/],
    ['one that is no object', ['a'], /must be an object of options/],
    ['an unknown option', [{ name: 'a', histroy: {} }], /no option "histroy".*history/],
    [
      'an unknown bound',
      [{ name: 'a', history: { maxEvent: 5 } }],
      /channel "a" history: there is no option "maxEvent"/,
    ],
    ['no name', [{}], /name must be/],
    ['an empty name', [{ name: '' }], /name must be/],
    ['a name with a slash', [{ name: 'a/b' }], /name must be/],
    ['a name with a space', [{ name: 'a b' }], /name must be/],
    ['a name with a line break', [{ name: 'a\n' }], /name must be/],
    ['a long name', [{ name: 'a'.repeat(65) }], /name must be/],
    ['a history that is none', [{ name: 'a', history: 5 }], /history must be an object/],
    [
      'a negative bound',
      [{ name: 'a', history: { maxEvents: -1 } }],
      /maxEvents must be a whole number from 0, not -1/,
    ],
    ['a bound that is not whole', [{ name: 'a', history: { maxBytes: 1.5 } }], /maxBytes must be/],
    ['a bound that is no number', [{ name: 'a', history: { maxAge: '5s' } }], /maxAge must be .*, not "5s"/],
    ['no age at all', [{ name: 'a', history: { maxAge: 0 } }], /maxAge must be a whole number of milliseconds from 1/],
    ['serializerOptions that are none', [{ name: 'a', serializerOptions: 5 }], /serializerOptions must be an object/],
  ])('that cannot work are an error where they are written: %s', (_name, channels, message) => {
    expect(() => SseModule.forFeature(channels as SseChannelOptions[])).toThrow(
      expect.objectContaining({ code: 'SSE_INVALID_CONFIGURATION', message: expect.stringMatching(message) }),
    );
  });

  it('that have a schema which is none are an error at start that names the channel', async () => {
    for (const schema of ['Price', 5, { price: 'Price' }]) {
      const imports = [SseModule.forFeature([{ name: 'a', schema: schema as never }])];
      await expect(startApp('express', { imports })).rejects.toMatchObject({
        code: 'SSE_INVALID_CONFIGURATION',
        message: expect.stringContaining('"a"'),
      });
    }
  });
});

describe('the backplane of an application', () => {
  it.each<[string, unknown]>([
    ['no object', 5],
    ['something with a method missing', { start() {}, publish() {}, subscribe() {} }],
  ])('is checked at start: %s is none', async (_name, backplane) => {
    await expect(startApp('express', { sse: { backplane: backplane as Backplane } })).rejects.toThrow(
      /backplane must be a backplane, for example memoryBackplane\(\)/,
    );
  });

  it('is started before any service starts, and closed after all of them', async () => {
    const { backplane, calls } = recordingBackplane();
    @Injectable()
    class Announcer implements OnModuleInit {
      constructor(@InjectChannel('news') private readonly news: SseChannel<string>) {}

      async onModuleInit() {
        await this.news.publish('I am here');
      }

      async onModuleDestroy() {
        await this.news.publish('I go');
      }

      async beforeApplicationShutdown() {
        await this.news.publish('I am gone');
      }
    }
    @Module({ imports: [SseModule.forFeature([{ name: 'news' }])], providers: [Announcer] })
    class AnnouncerModule {}
    const app = await startApp('express', { sse: { backplane }, imports: [AnnouncerModule] });
    await app.close();
    expect(calls).toEqual(['start', 'started', 'publish news', 'publish news', 'publish news', 'close']);
  });

  it('may come from a factory, and is told how much each channel keeps, and each key', async () => {
    const { backplane, published } = recordingBackplane();
    const app = await startApp('express', {
      sse: null,
      imports: [
        SseModule.forRootAsync({ useFactory: () => ({ backplane }) }),
        SseModule.forFeature([{ name: 'a' }, { name: 'b', history: { maxEvents: 5, maxAge: 10 } }]),
      ],
    });
    await app.app.get(SseChannels).get('a').publish(1, { key: 'k' });
    await app.app.get(SseChannels).get('b').publish(1);
    expect(DEFAULT_HISTORY).toEqual({ maxEvents: 1_000, maxBytes: 1_048_576, maxAge: 300_000 });
    expect(published).toEqual([
      { key: 'k', history: DEFAULT_HISTORY },
      { history: { maxEvents: 5, maxBytes: 1_048_576, maxAge: 10 } },
    ]);
  });

  it('lets go of topics that nobody needs: no subscriber, no history', async () => {
    const backplane = memoryBackplane();
    @Controller('topics/:topic')
    class TopicsView extends ChannelView {
      static readonly channel = 'news';

      override topic({ params }: { params: { topic: string } }) {
        return params.topic;
      }
    }
    const app = await startChannelApp('express', {
      sse: { backplane },
      channel: { history: { maxAge: 100 } },
      controllers: [TopicsView],
    });
    const clients = ['a', 'b', 'c', 'c'].map((topic) => app.connect(`/topics/${topic}`));
    await Promise.all(clients.map((client) => client.untilEvents(1)));
    expect([...app.channel.subscribers()]).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 2],
    ]);
    expect(backplane.topicCount).toBe(3);
    await app.channel.publish(1, { topic: 'a' });
    await app.channel.publish(1, { topic: 'nobody' });
    expect(backplane.topicCount).toBe(4);
    clients[0]!.leave();
    clients[2]!.leave();
    await until(() => [...app.channel.subscribers()].length === 2);
    expect([...app.channel.subscribers()]).toEqual([
      ['b', 1],
      ['c', 1],
    ]);
    await until(() => backplane.topicCount === 2);
    clients[1]!.leave();
    clients[3]!.leave();
    await until(() => backplane.topicCount === 0);
    expect([[...app.channel.subscribers()], backplane.retainedBytes]).toEqual([[], 0]);
    expect(app.app.get(SseChannels).wheel.size).toBe(0);
    // A topic that comes back is as good as new.
    const again = app.connect('/topics/a');
    await again.untilEvents(1);
    await app.channel.publish(2, { topic: 'a' });
    await again.untilEvents(2);
    expect(again.data).toEqual([2]);
  });
});
