import type { INestApplication } from '@nestjs/common';
import type { AddressInfo, Socket } from 'node:net';
import { SseConnections, type SseConnection } from 'nestjs-sse-views';
import { createSampleApp } from '../../../sample/app';

/** The sample application, listening on the loopback address. */
export interface SampleApp {
  readonly app: INestApplication;
  readonly url: string;
  readonly port: number;
  readonly connections: SseConnections;
  /** The messages that it logged. */
  readonly log: string[];
  /** The open streams of a handler, `StockPricesView.events` for example. */
  streams(handler: string): SseConnection[];
  /** Cuts every connection as a failing network does, with a reset. */
  cutConnections(): void;
  close(): Promise<void>;
}

const running = new Set<SampleApp>();

/** Starts the application from its sources. The test file calls `closeSampleApps()` in `afterEach`. */
export async function startSampleApp(port = 0): Promise<SampleApp> {
  const log: string[] = [];
  const note = (message: unknown): void => {
    log.push(String(message));
  };
  const app = await createSampleApp({ logger: { log: note, warn: note, error: note } });
  const sockets = new Set<Socket>();
  app.getHttpServer().on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await app.listen(port, '127.0.0.1');
  const connections = app.get(SseConnections);
  const address = app.getHttpServer().address() as AddressInfo;
  const sample: SampleApp = {
    app,
    log,
    connections,
    port: address.port,
    url: `http://127.0.0.1:${address.port}`,
    streams: (name) => [...connections].filter(({ handler }) => handler === name),
    cutConnections: () => sockets.forEach((socket) => socket.resetAndDestroy()),
    close: async () => {
      if (running.delete(sample)) {
        await app.close();
      }
    },
  };
  running.add(sample);
  return sample;
}

/** Closes what the tests of a file left open. */
export async function closeSampleApps(): Promise<void> {
  await Promise.all([...running].map((sample) => sample.close()));
}
