import { Inject, Injectable, Logger, Optional, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage } from 'node:http';
import { Server } from 'node:net';
import type { SseModuleOptions } from '../config/options';
import { resolveModuleOptions, type ResolvedRoute } from '../config/resolve-options';
import { MODULE_OPTIONS_TOKEN } from '../config/sse.module-definition';
import type { StreamCounters } from '../stream/stream-counters';
import { spread } from '../stream/spread';
import { StreamLog } from '../stream/stream-log';
import type { StreamHost } from '../stream/sse-stream';
import { TimerWheel } from '../stream/timer-wheel';
import { ServerWatch, type WatchedApplication } from './server-watch';
import { SseConnections } from './sse-connections';

/** A route with what its handler needs to know of its controller. */
export interface RegisteredRoute extends ResolvedRoute {
  /** Whether the controller is a view, and the method its `events()`. */
  readonly role: 'events' | 'beside events' | 'method';
  /** Whether the method takes the request, and so may read its body in the stream. */
  readonly takesRequest: boolean;
  /** The instance that serves a request, where there is one. */
  controllerOf(request: object): object | undefined;
}

type HttpAdapter = HttpAdapterHost['httpAdapter'];

/** What Nest's adapters know, and do not declare. */
type ClosingAdapter = { readonly isShuttingDown?: boolean };

/** What the streams of one application share: its options, its routes, its open connections, its timer. */
@Injectable()
export class SseRuntime implements StreamHost, WatchedApplication, OnModuleInit {
  readonly logger = new Logger('Sse');
  readonly log = new StreamLog(this.logger);
  readonly wheel = new TimerWheel();
  readonly options: ReturnType<typeof resolveModuleOptions>;
  /** The routes by their handlers. */
  readonly routes = new Map<Function, RegisteredRoute>();

  get counters(): StreamCounters {
    return this.connections.counters;
  }

  private closed: Promise<void> | undefined;
  private watch: ServerWatch | undefined;

  constructor(
    @Inject(SseConnections) readonly connections: SseConnections,
    @Inject(HttpAdapterHost) readonly adapterHost: HttpAdapterHost,
    // Absent where SseModule is imported as it is, without forRoot().
    @Optional() @Inject(MODULE_OPTIONS_TOKEN) options?: SseModuleOptions,
  ) {
    this.options = resolveModuleOptions(options ?? {});
  }

  onModuleInit(): void {
    // An application context has no adapter, and an adapter of a test may have no server.
    const adapter = this.adapterHost.httpAdapter as HttpAdapter | undefined;
    const server: unknown = adapter?.getHttpServer();
    if (server instanceof Server) {
      this.watch = new ServerWatch(server, this);
    }
  }

  /** Whether no more streams are taken. */
  get isClosing(): boolean {
    return this.closed !== undefined;
  }

  /** Whether the application closes. The adapter knows it before the first module is destroyed. */
  get isShuttingDown(): boolean {
    return this.isClosing || (this.adapterHost.httpAdapter as ClosingAdapter | undefined)?.isShuttingDown === true;
  }

  /** The stream of a request is over, and the body of the request is not. */
  linger(request: IncomingMessage): void {
    this.watch?.linger(request);
  }

  /** Milliseconds after which a client that is sent away shall reconnect: another number for each. */
  spreadRetry(): number {
    const { retry } = this.options.shutdown;
    return spread(retry);
  }

  /** Ends every stream, waits until their clients have taken what was written, at most `grace`, and destroys the rest. */
  shutdown(): Promise<void> {
    this.closed ??= this.endAll();
    return this.closed;
  }

  private async endAll(): Promise<void> {
    const { grace } = this.options.shutdown;
    this.watch?.letClose(grace);
    for (const connection of this.connections.owned()) {
      connection.shutDown(this.spreadRetry());
    }
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, grace);
    });
    await Promise.race([this.connections.whenEmpty(), expired]);
    clearTimeout(timer);
    for (const connection of this.connections.owned()) {
      connection.destroy();
    }
    this.log.flush();
  }
}
