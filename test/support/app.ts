import { type INestApplication, type LoggerService, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import { SseModule, type SseModuleOptions } from 'nestjs-sse-views';

/** The adapters that every end-to-end test runs on: `describe.each(ADAPTERS)`. */
export const ADAPTERS = ['express', 'fastify'] as const;
export type Adapter = (typeof ADAPTERS)[number];

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
  /** What is done with the application before it listens. */
  prepare?: (app: INestApplication) => unknown;
}

const open = new Set<TestApp>();

/** Starts an application. The test file calls `closeApps()` in `afterEach`. */
export async function startApp(adapter: Adapter, options: TestAppOptions): Promise<TestApp> {
  const { sse = {}, fastify = {}, prepare, ...metadata } = options;

  @Module({ ...metadata, imports: [...(sse === null ? [] : [SseModule.forRoot(sse)]), ...(metadata.imports ?? [])] })
  class TestModule {}

  const log: LogLine[] = [];
  const app = await NestFactory.create(
    TestModule,
    adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter(fastify),
    { logger: recorder(log), abortOnError: false },
  );
  await prepare?.(app);
  await app.listen(0, '127.0.0.1');
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
