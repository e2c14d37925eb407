import 'reflect-metadata';
import { Controller, Module, Query, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  memoryBackplane,
  SseChannels,
  SseConnections,
  SseModule,
  SseRoute,
  SseSignal,
  type SseChannel,
  type SseSubscription,
} from 'nestjs-sse-views';
import { map } from 'rxjs';
import { createAdapter, type Adapter } from '../support/adapters';
import type { DispatchedEvent } from '../support/whatwg-parser';
import { Reading } from './reading';
import { standardSchema, type RoutePlan, type TestSchema } from './route-plan';

/** How a handler passes a subscription on. */
export const READERS = ['returned', 'piped', 'loop'] as const;
export type Reader = (typeof READERS)[number];

/** Name of the last event of a topic. */
export const LAST_EVENT = 'the last';

const HISTORY = { maxEvents: 100_000, maxBytes: 1_000_000_000, maxAge: 5_000 };

interface TopicQuery {
  readonly channel: string;
  readonly topic: string;
  readonly from: 'tip' | 'oldest';
}

@Controller('channels')
class ChannelsController {
  constructor(private readonly channels: SseChannels) {}

  @SseRoute('returned')
  returned(@Query() query: TopicQuery): SseSubscription {
    return this.subscribe(query);
  }

  @SseRoute('piped', { pipe: (events$) => events$.pipe(map((event) => event)) })
  piped(@Query() query: TopicQuery): SseSubscription {
    return this.subscribe(query);
  }

  /** With an event of its own after each but the last. */
  @SseRoute('loop')
  async *loop(@Query() query: TopicQuery, @SseSignal() signal: AbortSignal) {
    for await (const event of this.subscribe(query, signal)) {
      yield event;
      if (event.kind === 'event' && event.event !== LAST_EVENT) {
        yield { event: 'own', data: 1 };
      }
    }
  }

  private subscribe({ channel, topic, from }: TopicQuery, signal?: AbortSignal): SseSubscription {
    return this.channels.get(channel).subscribe({ topic, from, signal });
  }
}

/** An application with a route for each plan and a channel for each schema, and its client. */
export class FuzzApp {
  private readonly sources = new Map<string, () => unknown>();
  private readonly agent = new Agent({ keepAlive: true });
  private app!: INestApplication;
  private url = '';
  private last = 0;

  private constructor(readonly adapter: Adapter) {}

  static async start(adapter: Adapter, routes: readonly RoutePlan[], schemas: readonly TestSchema[]): Promise<FuzzApp> {
    const fuzz = new FuzzApp(adapter);
    @Module({
      imports: [
        SseModule.forRoot({ backplane: memoryBackplane({ maxBytes: 2_000_000_000 }), shutdown: { grace: 0 } }),
        SseModule.forFeature(
          schemas.map((kind) => ({ name: nameOf(kind), history: HISTORY, schema: standardSchema(kind) as never })),
        ),
      ],
      controllers: [ChannelsController, routesController(routes, fuzz.sources)],
    })
    class FuzzModule {}
    fuzz.app = await NestFactory.create(FuzzModule, createAdapter(adapter), { logger: false, abortOnError: false });
    await fuzz.app.listen(0, '127.0.0.1');
    fuzz.url = `http://127.0.0.1:${(fuzz.app.getHttpServer().address() as AddressInfo).port}`;
    return fuzz;
  }

  /** Reads the stream that a route makes of a source. */
  stream(route: number, source: () => unknown): Reading {
    const id = String(++this.last);
    this.sources.set(id, source);
    return new Reading(this.agent, `${this.url}/routes/r${route}?id=${id}`);
  }

  /** Reads a topic in one of the ways. */
  topic(
    reader: Reader,
    schema: TestSchema,
    topic: string,
    from: TopicQuery['from'],
    isEnough: (last: DispatchedEvent) => boolean,
  ): Reading {
    const query = new URLSearchParams({ channel: nameOf(schema), topic, from });
    return new Reading(this.agent, `${this.url}/channels/${reader}?${query.toString()}`, isEnough);
  }

  channel(schema: TestSchema): SseChannel {
    return this.app.get(SseChannels).get(nameOf(schema));
  }

  /** A topic that nobody has used. */
  newTopic(): string {
    return `topic ${++this.last}`;
  }

  /** Events that streams have left out so far. */
  get dropped(): number {
    return this.app.get(SseConnections).counts.dropped;
  }

  async close(): Promise<void> {
    this.agent.destroy();
    await this.app.close();
  }
}

function nameOf(schema: TestSchema): string {
  return schema.replaceAll(' ', '-');
}

function routesController(routes: readonly RoutePlan[], sources: Map<string, () => unknown>): new () => object {
  @Controller('routes')
  class RoutesController {}
  const prototype = RoutesController.prototype as Record<string, unknown>;
  for (const [index, { options }] of routes.entries()) {
    const name = `r${index}`;
    const handler = (id: string): never => {
      const source = sources.get(id)!;
      sources.delete(id);
      return source() as never;
    };
    const descriptor = { value: handler, writable: true, configurable: true, enumerable: false };
    Object.defineProperty(prototype, name, descriptor);
    SseRoute(name, options)(prototype, name, descriptor);
    Query('id')(prototype, name, 0);
  }
  return RoutesController;
}
