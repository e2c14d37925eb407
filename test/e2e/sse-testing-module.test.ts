import { Controller, Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  ChannelView,
  getChannelToken,
  InjectChannel,
  memoryBackplane,
  ServerSentEventsView,
  SseConfigurationError,
  SseModule,
  type SseChannel,
  type SseModuleOptions,
} from 'nestjs-sse-views';
import { readEvents, SseClient, SseTestingModule } from 'nestjs-sse-views/testing';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { SseRuntime } from '../../src/view/sse.runtime';
import { ADAPTERS, createAdapter, type Adapter } from '../support/adapters';
import { RawClient } from '../support/raw-client';

const News = z.object({ title: z.string().min(1) });
type News = z.infer<typeof News>;

@Controller('news')
class NewsView extends ChannelView<News> {
  static readonly channel = 'news';

  constructor(@InjectChannel('news') readonly news: SseChannel<News>) {
    super();
  }
}

const open = new Set<INestApplication>();

async function start(adapter: Adapter, metadata: ModuleMetadata): Promise<{ app: INestApplication; url: string }> {
  const testing = await Test.createTestingModule(metadata).compile();
  const app = testing.createNestApplication(createAdapter(adapter), { logger: false });
  open.add(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}` };
}

const startNews = (adapter: Adapter, options?: SseModuleOptions) =>
  start(adapter, {
    imports: [SseTestingModule.forChannels([{ name: 'news', schema: News }], options)],
    controllers: [NewsView],
  });

const newsOf = (app: INestApplication): SseChannel<News> => app.get(getChannelToken('news'));

afterEach(async () => {
  await Promise.all([...open].map((app) => app.close()));
  open.clear();
});

describe.each(ADAPTERS)('SseTestingModule on %s', (adapter) => {
  it('is all that a ChannelView needs in a testing module', async () => {
    const { app, url } = await startNews(adapter);
    const client = new SseClient<News>(`${url}/news`);
    expect(await client.next()).toMatchObject({ event: 'start' });
    client.disconnect();
    await newsOf(app).publish({ event: 'headline', data: { title: 'one' } });
    await client.reconnect();
    expect(await client.next()).toMatchObject({ event: 'headline', data: { title: 'one' } });
    await client.close();
  });

  it('gives the channel to a constructor, and validates what is published by the schema', async () => {
    const { app } = await startNews(adapter);
    expect(app.get(NewsView).news).toBe(newsOf(app));
    await expect(newsOf(app).publish({ data: { title: '' } })).rejects.toMatchObject({
      issues: [expect.objectContaining({ path: ['title'] })],
    });
  });

  it('keeps the events of one testing module from another', async () => {
    const [one, other] = await Promise.all([startNews(adapter), startNews(adapter)]);
    const client = new SseClient(`${other.url}/news`);
    await client.next();
    await newsOf(one.app).publish({ data: { title: 'one' } });
    await newsOf(other.app).publish({ data: { title: 'other' } });
    expect(await client.next()).toMatchObject({ data: { title: 'other' } });
    await client.close();
  });

  it('sends no heartbeat, and has a short grace', async () => {
    const { app } = await startNews(adapter, { shutdown: { retry: 7 }, heartbeat: undefined });
    const { stream, shutdown } = app.get(SseRuntime).options;
    expect(stream.heartbeat).toBe(false);
    expect(shutdown).toEqual({ grace: 100, retry: 7 });
  });

  it('takes the options of SseModule.forRoot()', async () => {
    const backplane = memoryBackplane();
    const options = { heartbeat: 50, headers: { 'X-Test': 'yes' }, shutdown: { grace: 200 }, backplane };
    const { app, url } = await startNews(adapter, options);
    const client = new RawClient(Number(new URL(url).port), '/news');
    // The comment comes in the silence after the event `start`.
    await client.untilBody((text) => /event: start\n[^]*\n\n:/.test(text));
    client.leave();
    expect(client.header('X-Test')).toEqual(['yes']);
    expect(app.get(SseRuntime).options).toMatchObject({ shutdown: { grace: 200 }, backplane });
  });

  it('makes no channel where a view needs none, or a module brings its own', async () => {
    @Controller('numbers')
    class NumbersView extends ServerSentEventsView<number> {
      *events() {
        yield 1;
        yield 2;
      }
    }

    @Module({ imports: [SseModule.forFeature([{ name: 'news', schema: News }])], controllers: [NewsView] })
    class NewsModule {}

    const { app, url } = await start(adapter, {
      imports: [SseTestingModule.forChannels([]), NewsModule],
      controllers: [NumbersView],
    });
    const events = await readEvents(`${url}/numbers`).toArray();
    expect(events.map(({ event, data }) => (event === 'end' ? event : data))).toEqual([1, 2, 'end']);
    const client = new SseClient(`${url}/news`);
    await client.opened();
    await newsOf(app).publish({ data: { title: 'one' } });
    expect(await client.until(({ event }) => event === 'message')).toMatchObject({ data: { title: 'one' } });
    await client.close();
  });
});

describe('SseTestingModule', () => {
  it('refuses options of channels and of the module that cannot work', async () => {
    const twice = [{ name: 'news' }, { name: 'news' }];
    expect(() => SseTestingModule.forChannels(twice)).toThrow(SseConfigurationError);
    const testing = Test.createTestingModule({ imports: [SseTestingModule.forChannels([], { heartbeat: 1 })] });
    await expect(testing.compile()).rejects.toThrow(SseConfigurationError);
  });
});
