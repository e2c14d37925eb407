/*
 * The library as its users have it: packed, and installed into applications outside the repository.
 *
 * What the README tells a reader to write is taken from the README itself: every fenced block that begins with
 * ```ts title="src/<file>" becomes that file of an application, in a strict project of CommonJS and in one of ES modules.
 * Together the blocks are a whole application: `src/app.module.ts` exports `AppModule` and has `SseModule.forRoot()` among its
 * imports; its `GET /stocks?symbol=ACME` streams events named `price` whose data have `symbol: "ACME"`.
 */
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ADAPTERS } from '../support/app';
import { RawClient } from '../support/raw-client';
import { parseEvents } from '../support/read-events';
import { RedisServer } from '../support/redis-server';
import { describeWithRegistry } from '../support/registry';
import { until } from '../support/until';
import { ConsumerApp, type ConsumerOptions } from './consumer-app';
import { packLibrary, PROJECT } from './packed-library';
import { readmeBlocks } from './readme-blocks';
import { removeFolder, temporaryFolder } from './temporary-folder';

const MINUTES = 60_000;

/** `shutdown.grace` where the application says nothing. */
const GRACE = 5_000;

/** What the README's blocks use beside Nest. */
const README_PACKAGES = { 'prom-client': '^15.1.0', redis: '^6.0.0' };

/** An application of the README's blocks about channels. */
const CHANNELS_MODULE = `
import { Module } from '@nestjs/common';
import { SseModule } from 'nestjs-sse-views';
import { MetricsController } from './metrics.controller.js';
import { NotificationsModule } from './notifications.module.js';

@Module({ imports: [SseModule.forRoot(), NotificationsModule], controllers: [MetricsController] })
export class AppModule {}
`;

/** An application of its blocks about the backplane. */
const BACKPLANE_MODULE = `
import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { SseModule } from 'nestjs-sse-views';
import { backplane } from './backplane.js';
import { HealthController } from './health.controller.js';
import { NotificationsModule } from './notifications.module.js';
import { UnavailableFilter } from './unavailable.filter.js';

@Module({
  imports: [SseModule.forRoot({ backplane }), NotificationsModule, TerminusModule],
  controllers: [HealthController],
  providers: [{ provide: APP_FILTER, useClass: UnavailableFilter }],
})
export class AppModule {}
`;

const COMMON = { typescript: '^6.0.0', '@types/node': '^20.19.0' };

/** The oldest version of each peer, as the package says. */
const OLDEST_PEERS = Object.fromEntries(
  Object.entries(manifest().peerDependencies).map(([name, range]) => [name, /\d+\.\d+\.\d+/.exec(range)![0]]),
);

interface Application {
  readonly name: string;
  /** How the version of Nest begins that it must have got. */
  readonly nestVersion: string;
  readonly options: Omit<ConsumerOptions, 'sources'>;
}

const APPLICATIONS: readonly Application[] = [
  {
    name: 'Nest 12 with ES modules',
    nestVersion: '12.',
    options: {
      type: 'module',
      compilerOptions: { module: 'nodenext', isolatedModules: true },
      dependencies: { ...COMMON, ...README_PACKAGES, ...nest('^12.0.0'), ...peers('^12.0.0'), ...terminus('^12.0.0') },
    },
  },
  {
    name: 'Nest 11 with CommonJS',
    nestVersion: '11.',
    options: {
      type: 'commonjs',
      compilerOptions: { module: 'nodenext', isolatedModules: true },
      dependencies: { ...COMMON, ...README_PACKAGES, ...nest('^11.2.0'), ...peers('^11.0.0'), ...terminus('^11.0.0') },
    },
  },
  {
    name: 'the oldest version of every peer, with CommonJS and classic resolution',
    nestVersion: '11.2.0',
    options: {
      type: 'commonjs',
      compilerOptions: { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' },
      // The adapter for Fastify has no version 11.2.0.
      dependencies: {
        ...COMMON,
        ...README_PACKAGES,
        ...nest('11.2.0'),
        ...OLDEST_PEERS,
        '@nestjs/platform-fastify': '11.2.1',
        ...terminus('^11.0.0'),
      },
    },
  },
];

describeWithRegistry('The packed library', () => {
  let packing: string;
  let tarball: string;

  beforeAll(async () => {
    packing = await temporaryFolder('packed');
    tarball = await packLibrary(packing);
  }, 5 * MINUTES);

  afterAll(() => removeFolder(packing), MINUTES);

  describe.each(APPLICATIONS)('in an application of $name', ({ nestVersion, options }) => {
    let consumer: ConsumerApp;

    beforeAll(async () => {
      const readme = await readmeBlocks();
      const sources = {
        ...readme,
        'src/without-sse.module.ts': withoutSseModule(readme['src/app.module.ts']),
        'src/channels.module.ts': CHANNELS_MODULE,
        'src/redis.module.ts': BACKPLANE_MODULE,
        ...(await fixtures('start.ts', 'subpaths.ts', 'swagger.ts', 'ticks.module.ts')),
      };
      consumer = await ConsumerApp.create('application', tarball, { ...options, sources });
    }, 10 * MINUTES);

    afterAll(() => consumer?.remove(), MINUTES);

    it('was compiled against that version of Nest', async () => {
      expect((await consumer.versionOf('@nestjs/core')).startsWith(nestVersion)).toBe(true);
    });

    describe.each(ADAPTERS)('on %s', (adapter) => {
      afterEach(() => consumer.stop());

      it(
        'streams the view of the README',
        async () => {
          const port = await consumer.start(adapter, 'app.module.js').listening();
          const client = new RawClient(port, '/stocks?symbol=ACME');
          const body = await client.untilBody((text) => parseEvents(text).length > 0, 30_000);
          client.leave();

          expect(client.status).toBe(200);
          expect(client.header('Content-Type')).toEqual(['text/event-stream']);
          const [first] = parseEvents(body);
          expect(first?.event).toBe('price');
          expect(JSON.parse(first?.data ?? '')).toMatchObject({ symbol: 'ACME' });
        },
        2 * MINUTES,
      );

      it(
        'broadcasts by the channel of the README, gives a client what it missed, and shows the counts of the recipe',
        async () => {
          const port = await consumer.start(adapter, 'channels.module.js').listening();
          const send = async (message: unknown) =>
            fetch(`http://127.0.0.1:${port}/notifications/send`, {
              method: 'POST',
              headers: { 'Content-Type': 'application/json' },
              body: JSON.stringify({ message }),
            });
          const messagesOf = (body: string) =>
            parseEvents(body).flatMap(({ data }) => /"message":"(.+?)"/.exec(data)?.[1] ?? []);

          const first = new RawClient(port, '/notifications');
          await first.untilBody((text) => text.includes('event: start'), 30_000);
          const { id } = (await (await send('one')).json()) as { id: string };
          await first.untilBody((text) => messagesOf(text).length === 1);
          first.leave();
          await send('two');
          expect((await send('')).status).toBe(400);

          const again = new RawClient(port, '/notifications', { headers: { 'Last-Event-ID': id } });
          expect(messagesOf(await again.untilBody((text) => messagesOf(text).length > 0))).toEqual(['two']);
          const lost = new RawClient(port, '/notifications', { headers: { 'Last-Event-ID': 'another' } });
          await lost.untilBody((text) => text.includes('event: gap'));

          const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
          expect(metrics).toContain('sse_connections 2\n');
          expect(metrics).toContain('sse_subscribers{channel="notifications",topic=""} 2\n');
          expect(metrics).toContain('sse_channel_published_total{channel="notifications"} 2\n');
          expect(metrics).toContain('sse_channel_gaps_total{channel="notifications"} 1\n');
          expect(metrics).toContain('sse_connections_opened_total 3\n');
          again.leave();
          lost.leave();
        },
        2 * MINUTES,
      );

      it(
        'publishes over the Redis of the README, and says when it is away',
        async () => {
          const redis = await RedisServer.start();
          try {
            const port = await consumer.startWith({ REDIS_URL: redis.url }, adapter, 'redis.module.js').listening();
            const url = `http://127.0.0.1:${port}`;
            const send = () =>
              fetch(`${url}/notifications/send`, {
                method: 'POST',
                headers: { 'Content-Type': 'application/json' },
                body: JSON.stringify({ message: 'one' }),
              });
            expect(await (await fetch(`${url}/health`)).json()).toMatchObject({
              status: 'ok',
              details: { backplane: { status: 'up', milliseconds: expect.any(Number) } },
            });
            expect((await send()).status).toBe(201);

            await redis.kill();
            await until(async () => (await fetch(`${url}/health`)).status === 503, 30_000);
            expect(await (await fetch(`${url}/health`)).json()).toMatchObject({
              error: { backplane: { status: 'down', state: 'stale' } },
            });
            const refused = await send();
            expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
          } finally {
            await redis.stop();
          }
        },
        2 * MINUTES,
      );

      it(
        'documents the view of the README as an event stream with the schema of its data',
        async () => {
          const port = await consumer.start(adapter, 'app.module.js', 'swagger.js').listening();
          const document = (await (await fetch(`http://127.0.0.1:${port}/docs-json`)).json()) as Document;

          const stream = document.paths['/stocks']?.get?.responses['200']?.content?.['text/event-stream'];
          const model = stream?.schema.$ref?.replace('#/components/schemas/', '');
          expect(Object.keys(document.components.schemas)).toContain(model);

          const newer = (await (await fetch(`http://127.0.0.1:${port}/docs-3.2-json`)).json()) as Document;
          const events = newer.paths['/stocks']?.get?.responses['200']?.content?.['text/event-stream'];
          // The view's event, then those of the library's own.
          const envelopes = (events?.itemSchema?.anyOf ?? []).map(({ $ref }) =>
            $ref.replace('#/components/schemas/', ''),
          );
          expect(envelopes.slice(1)).toEqual(['EndEvent', 'StreamErrorEvent']);
          expect(newer.components.schemas[envelopes[0]!]).toMatchObject({
            properties: { data: { contentMediaType: 'application/json', contentSchema: stream?.schema } },
          });
        },
        2 * MINUTES,
      );

      it(
        'refuses to start when SseModule is taken from the imports, and says so',
        async () => {
          const app = consumer.start(adapter, 'without-sse.module.js');
          expect(await app.refusal()).toBe(1);
          expect(app.output).toContain('Add SseModule.forRoot() to the imports of the root module');
        },
        2 * MINUTES,
      );

      it(
        'streams, keeps the status of an error before the first event, and leaves ordinary routes alone',
        async () => {
          const port = await consumer.start(adapter, 'ticks.module.js').listening();
          expect(await firstTicks(port)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);

          const missing = await fetch(`http://127.0.0.1:${port}/ticks?of=nothing`);
          expect(missing.status).toBe(404);
          expect(await missing.json()).toMatchObject({ message: 'There is no such clock', statusCode: 404 });

          const latest = await fetch(`http://127.0.0.1:${port}/ticks/latest`);
          expect(latest.headers.get('content-type')).toMatch(/^application\/json/);
          expect(await latest.json()).toEqual({ n: -1 });
        },
        2 * MINUTES,
      );

      it(
        'ends on SIGTERM within the grace, with a stream open',
        async () => {
          const app = consumer.start(adapter, 'ticks.module.js');
          const client = new RawClient(await app.listening(), '/ticks');
          await client.untilBody((text) => parseEvents(text).length > 0, 30_000);
          const signalled = performance.now();
          app.signal('SIGTERM');

          // Nest runs its hooks and then lets the signal do what it does.
          expect(await app.exit).toEqual({ code: null, signal: 'SIGTERM' });
          expect(performance.now() - signalled).toBeLessThan(GRACE);
          expect(app.output).toContain('The source has ended');
          // The stream was ended, not cut off: the client was told when to come back, and has the last chunk.
          await until(() => client.ended);
          expect(client.body).toMatch(/retry: \d+\n\n$/);
          expect(client.tail.endsWith('\r\n0\r\n\r\n')).toBe(true);
        },
        2 * MINUTES,
      );
    });
  });

  describe('in an application without class-validator, class-transformer and @nestjs/swagger', () => {
    let consumer: ConsumerApp;

    beforeAll(async () => {
      consumer = await ConsumerApp.create('bare', tarball, {
        type: 'commonjs',
        // The declarations of every package are checked: none of ours may name a package that is not there.
        compilerOptions: { module: 'nodenext', isolatedModules: true, skipLibCheck: false },
        dependencies: {
          ...COMMON,
          ...nest('^12.0.0'),
          rxjs: '^7.8.0',
          'reflect-metadata': '^0.2.0',
          '@types/express': '^5.0.0',
        },
        sources: await fixtures(
          'start.ts',
          'subpaths.ts',
          'ticks.module.ts',
          'class-schema.module.ts',
          'redis.module.ts',
        ),
      });
    }, 10 * MINUTES);

    afterAll(() => consumer?.remove(), MINUTES);

    it('did not bring them along', async () => {
      const installed = await readdir(join(consumer.folder, 'node_modules'));
      expect(installed).toContain('nestjs-sse-views');
      expect(installed).not.toContain('class-validator');
      expect(installed).not.toContain('class-transformer');
      expect(await readdir(join(consumer.folder, 'node_modules/@nestjs'))).not.toContain('swagger');
    });

    describe.each(ADAPTERS)('on %s', (adapter) => {
      afterEach(() => consumer.stop());

      it(
        'streams data without a schema',
        async () => {
          const port = await consumer.start(adapter, 'ticks.module.js').listening();
          expect(await firstTicks(port)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
        },
        2 * MINUTES,
      );

      it(
        'refuses to start with a class as responseSchema, and names the packages to install',
        async () => {
          const app = consumer.start(adapter, 'class-schema.module.js');
          expect(await app.refusal()).toBe(1);
          expect(app.output).toContain('npm install class-validator class-transformer');
        },
        2 * MINUTES,
      );

      it(
        'refuses to start with a backplane over Redis, and names the package to install',
        async () => {
          const app = consumer.start(adapter, 'redis.module.js');
          expect(await app.refusal()).toBe(1);
          expect(app.output).toContain('npm install redis');
        },
        2 * MINUTES,
      );
    });
  });
});

interface MediaType {
  schema: { $ref?: string };
  itemSchema?: { anyOf?: { $ref: string }[] };
}

/** The part of an OpenAPI document that is looked at. */
interface Document {
  paths: Record<string, { get?: { responses: Record<string, { content?: Record<string, MediaType> }> } }>;
  components: { schemas: Record<string, unknown> };
}

async function firstTicks(port: number): Promise<unknown[]> {
  const client = new RawClient(port, '/ticks');
  const body = await client.untilBody((text) => parseEvents(text).length > 2, 30_000);
  client.leave();
  return parseEvents(body)
    .slice(0, 3)
    .map(({ data }) => JSON.parse(data) as unknown);
}

function nest(range: string): Record<string, string> {
  return Object.fromEntries(
    ['common', 'core', 'platform-express', 'platform-fastify'].map((name) => [`@nestjs/${name}`, range]),
  );
}

function peers(swagger: string): Record<string, string> {
  return {
    '@nestjs/swagger': swagger,
    'class-transformer': '^0.5.1',
    'class-validator': '^0.15.0',
    'reflect-metadata': '^0.2.0',
    rxjs: '^7.8.0',
  };
}

function terminus(range: string): Record<string, string> {
  return { '@nestjs/terminus': range };
}

function manifest(): { peerDependencies: Record<string, string> } {
  return JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as ReturnType<typeof manifest>;
}

/** Files of the folder `consumer`, as an application has them. */
async function fixtures(...names: string[]): Promise<Record<string, string>> {
  const files = names.map(async (name): Promise<[string, string]> => [
    `src/${name}`,
    await readFile(join(__dirname, 'consumer', name), 'utf8'),
  ]);
  return Object.fromEntries(await Promise.all(files));
}

function withoutSseModule(appModule = ''): string {
  const removed = appModule.replace(/SseModule\.forRoot\([^)]*\),?\s*/, '');
  if (removed === appModule) {
    throw new Error('The README has no block src/app.module.ts with SseModule.forRoot() in it');
  }
  return removed;
}
