import {
  type INestApplication,
  type LoggerService,
  Module,
  type ModuleMetadata,
  type NestApplicationOptions,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import { SseModule, type SseModuleOptions } from 'nestjs-sse-views';
import { createAdapter, type Adapter } from './adapters';

export { ADAPTERS, type Adapter } from './adapters';

/** An application that listens on a free port of the loopback address. */
export interface TestApp {
  readonly app: INestApplication;
  readonly url: string;
  readonly port: number;
  /** What the application logged: each line with its level. */
  readonly log: LogLine[];
  close(): Promise<void>;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
}

export interface TestAppOptions extends ModuleMetadata {
  /** Options of `SseModule.forRoot()`, which is imported for the test. `null` leaves it out. */
  sse?: SseModuleOptions | null;
  /** Options of the Fastify server, `{ http2: true }` for example. */
  fastify?: object;
  /** Options of the application, `{ return503OnClosing: true }` for example. */
  nest?: NestApplicationOptions;
  /** For an application that takes the place of another one. @default 0, a free port */
  port?: number;
  /** What is done with the application before it listens. */
  prepare?: (app: INestApplication) => unknown;
}

const open = new Set<TestApp>();

/**
 * Starts an application. The test file calls `closeApps()` in `afterEach`.
 *
 * @param adapter by its name, or one of the test's own.
 */
export async function startApp(adapter: Adapter | AbstractHttpAdapter, options: TestAppOptions): Promise<TestApp> {
  const { sse = {}, fastify = {}, nest = {}, port: wanted = 0, prepare, ...metadata } = options;

  @Module({ ...metadata, imports: [...(sse === null ? [] : [SseModule.forRoot(sse)]), ...(metadata.imports ?? [])] })
  class TestModule {}

  const log: LogLine[] = [];
  const app = await NestFactory.create(
    TestModule,
    typeof adapter === 'string' ? createAdapter(adapter, fastify) : adapter,
    { ...nest, logger: recorder(log), abortOnError: false },
  );
  await prepare?.(app);
  await app.listen(wanted, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const started: TestApp = {
    app,
    log,
    port,
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      if (open.delete(started)) {
        await app.close();
      }
    },
  };
  open.add(started);
  return started;
}

/** Closes what the tests of a file left open. */
export async function closeApps(): Promise<void> {
  await Promise.all([...open].map((app) => app.close()));
}

function recorder(log: LogLine[]): LoggerService {
  const at =
    (level: string) =>
    (...parts: unknown[]): void => {
      log.push({ level, message: parts.map((part) => (part instanceof Error ? part.stack : String(part))).join(' ') });
    };
  return {
    log: at('log'),
    error: at('error'),
    warn: at('warn'),
    debug: at('debug'),
    verbose: at('verbose'),
    fatal: at('fatal'),
  };
}
