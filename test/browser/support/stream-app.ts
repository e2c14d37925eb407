import { Controller, Get, Header, type Type } from '@nestjs/common';
import type { Socket } from 'node:net';
import type { TestedEngine } from '../../support/engines/describe-with-engines';
import { startApp, type Adapter, type TestApp, type TestAppOptions } from '../../support/app';
import { FollowedStream, type FollowOptions } from './followed-stream';
import { RequestLog } from './request-log';

/** An empty page. */
@Controller()
export class PageController {
  @Get('page')
  @Header('Content-Type', 'text/html; charset=utf-8')
  page(): string {
    return '<!doctype html><title>An EventSource</title><link rel="icon" href="data:,">';
  }
}

/** An application with an empty page and a stream at `/stream`. */
export interface StreamApp extends TestApp {
  /** The requests for the stream. */
  readonly requests: RequestLog;
  /** Follows the stream from the page. */
  follow(engine: TestedEngine, options?: FollowOptions): Promise<FollowedStream>;
  /** Cuts every connection as a failing network does, with a reset. */
  cutConnections(): void;
}

/** Starts one. The test file calls `closeApps()` in `afterEach`. */
export async function startStreamApp(
  adapter: Adapter,
  controller: Type,
  options: TestAppOptions = {},
): Promise<StreamApp> {
  const { controllers = [], prepare, ...rest } = options;
  let requests: RequestLog | undefined;
  const sockets = new Set<Socket>();
  const app = await startApp(adapter, {
    ...rest,
    controllers: [PageController, controller, ...controllers],
    prepare: (nest) => {
      requests = new RequestLog(nest, '/stream');
      nest.getHttpServer().on('connection', (socket: Socket) => {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      });
      return prepare?.(nest);
    },
  });
  return {
    ...app,
    requests: requests!,
    cutConnections: () => sockets.forEach((socket) => socket.resetAndDestroy()),
    follow: (engine, following) => FollowedStream.open(engine, `${app.url}/page`, '/stream', following),
  };
}
