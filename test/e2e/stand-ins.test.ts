/*
 * Requests and responses that stand for Node's own, or inherit from them.
 */
import { Controller, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { createServer, ServerResponse, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import {
  ChannelView,
  InjectChannel,
  ServerSentEventsView,
  SseConnections,
  SseModule,
  SseRoute,
  type SseChannel,
} from 'nestjs-sse-views';
import { ADAPTERS, closeApps, startApp } from '../support/app';
import { RawClient } from '../support/raw-client';
import { parseEvents } from '../support/read-events';
import { serverless } from '../support/serverless';
import { until } from '../support/until';

afterEach(closeApps);

@Controller('view')
class View extends ServerSentEventsView<number> {
  async *events() {
    for (let number = 0; number < 5; number++) {
      await new Promise(setImmediate);
      yield number;
    }
  }

  @SseRoute('failing')
  async *failing(): AsyncGenerator<number> {
    throw new Error('before the first event');
  }
}

/** The data of a stream's events before its end. */
const dataOf = (body: string): unknown[] =>
  parseEvents(body)
    .filter(({ event }) => event !== 'end')
    .map(({ data }) => JSON.parse(data) as unknown);

describe.each(ADAPTERS)('a request that no server has received, on %s', (adapter) => {
  const handlerOf = (app: INestApplication): ((request: IncomingMessage, response: ServerResponse) => void) =>
    adapter === 'express'
      ? (app.getHttpAdapter().getInstance() as RequestListener)
      : (request, response) => (app.getHttpServer() as NodeJS.EventEmitter).emit('request', request, response);

  it('streams on a serverless platform, and is over when its response has finished', async () => {
    const { app } = await startApp(adapter, { controllers: [View] });
    const answer = await serverless(handlerOf(app), '/view');
    expect([answer.status, dataOf(answer.body)]).toEqual([200, [0, 1, 2, 3, 4]]);
    await until(() => app.get(SseConnections).count === 0);
  });

  it('keeps the status of an error there', async () => {
    const { app } = await startApp(adapter, { controllers: [View] });
    expect((await serverless(handlerOf(app), '/view/failing')).status).toBe(500);
    expect(app.get(SseConnections).count).toBe(0);
  });
});

describe('a request of inject(), on Fastify', () => {
  it('is answered with the events', async () => {
    const { app } = await startApp('fastify', { controllers: [View] });
    const adapter = app.getHttpAdapter() as FastifyAdapter;
    const answer = await adapter.inject({ method: 'GET', url: '/view', headers: { accept: 'text/event-stream' } });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(dataOf(answer.body)).toEqual([0, 1, 2, 3, 4]);
    // serverless-http would read the body as chunks, which it no longer is.
    expect(answer.headers).not.toHaveProperty('transfer-encoding');
    expect((await adapter.inject({ method: 'GET', url: '/view/failing' })).statusCode).toBe(500);
    await until(() => app.get(SseConnections).count === 0);
  });
});

/** As an adapter makes its responses that has a class of its own for them, with everything of Node's. */
class OwnResponse extends ServerResponse {
  readonly isOwn = true;
}

const written: string[] = [];

/** As above, with another `write`: whatever it is for, nothing may go past it. */
class ObservedResponse extends ServerResponse {
  override write(...args: unknown[]): boolean {
    written.push(String(args[0]));
    return (super.write as Function).apply(this, args) as boolean;
  }
}

/** Express puts a prototype of its own into its responses: what is to stay has to be the response's own. */
class OwnProperty extends ServerResponse {
  constructor(request: IncomingMessage) {
    super(request);
    const { write } = this;
    this.write = (...args: unknown[]) => {
      written.push(String(args[0]));
      return (write as Function).apply(this, args) as boolean;
    };
  }
}

/** What both kinds of servers are given. */
type ResponseClass = new (request: IncomingMessage) => ServerResponse;

function serverWith(response: ResponseClass, handler: RequestListener): Server {
  return createServer({ ServerResponse: response as typeof ServerResponse }, handler);
}

class ExpressWithOwnResponse extends ExpressAdapter {
  constructor(private readonly response: ResponseClass) {
    super();
  }

  override initHttpServer(): void {
    this.httpServer = serverWith(this.response, this.getInstance<RequestListener>());
  }
}

const fastifyWithOwnResponse = (response: ResponseClass): FastifyAdapter =>
  new FastifyAdapter({ serverFactory: (handler: unknown) => serverWith(response, handler as RequestListener) });

describe.each([
  ['express', () => new ExpressWithOwnResponse(OwnResponse), false],
  ['express', () => new ExpressWithOwnResponse(OwnProperty), true],
  ['fastify', () => fastifyWithOwnResponse(OwnResponse), false],
  ['fastify', () => fastifyWithOwnResponse(ObservedResponse), true],
] as const)('a response of a class that inherits from Node’s, on %s', (_adapter, create, hasOwnWrite) => {
  interface Tick {
    n: number;
  }

  @Controller('ticks')
  class Ticks extends ChannelView<Tick> {
    static readonly channel = 'ticks';

    constructor(@InjectChannel('ticks') readonly ticks: SseChannel<Tick>) {
      super();
    }
  }

  it(`streams${hasOwnWrite ? ', everything through its own write' : ''}`, async () => {
    written.length = 0;
    const app = await startApp(create(), {
      controllers: [View, Ticks],
      imports: [SseModule.forFeature([{ name: 'ticks' }])],
    });
    const client = new RawClient(app.port, '/view');
    await until(() => client.tail.endsWith('0\r\n\r\n'));
    expect([client.status, dataOf(client.body)]).toEqual([200, [0, 1, 2, 3, 4]]);

    // Frames that many clients get may go past the response, and these come after its headers.
    const followers = [new RawClient(app.port, '/ticks'), new RawClient(app.port, '/ticks')];
    await until(() => followers.every(({ body }) => body.includes('event: start')));
    const { ticks } = app.app.get(Ticks);
    for (let n = 0; n < 3; n++) {
      await ticks.publish({ n });
    }
    for (const follower of followers) {
      const body = await follower.untilBody((text) => text.includes('"n":2'));
      expect(dataOf(body).slice(1)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    }
    expect(written.join('').split('"n":2')).toHaveLength(hasOwnWrite ? 3 : 1);
    followers.forEach((follower) => follower.leave());
  });
});
