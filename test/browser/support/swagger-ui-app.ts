import {
  type CanActivate,
  Body,
  Controller,
  type ExecutionContext,
  ForbiddenException,
  Get,
  Header,
  type INestApplication,
  NotFoundException,
  RequestMethod,
  UnauthorizedException,
  UseGuards,
} from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiTags, DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { LastEventId, sseEvent, SseConnections, SseRoute, SseSignal } from 'nestjs-sse-views';
import { sseSwaggerOptions } from '../../../src/swagger-ui/sse-swagger-options';
import { startApp, type Adapter, type TestApp } from '../../support/app';

/** Nothing but files of this server runs, and the style that Swagger UI's own page needs. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'";

class BearerGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<IncomingMessage>();
    if (headers.authorization !== 'Bearer letmein') {
      throw new UnauthorizedException('A token is needed');
    }
    return true;
  }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  setTimeout(milliseconds, undefined, { signal }).catch(() => undefined);

@ApiTags('streams')
@Controller()
export class StreamsController {
  /** Counts without an end, from the id that it is asked to resume after. */
  @SseRoute('ticks', { retry: 100 })
  async *ticks(@LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
    for (let n = Number(after ?? 0) + 1; !signal.aborted; n++) {
      yield { event: n % 5 === 0 ? 'fifth' : 'tick', id: String(n), data: { n, text: 'é 漢 🎉', tags: [] } };
      await pause(20, signal);
    }
  }

  @SseRoute('others')
  async *others(@SseSignal() signal: AbortSignal) {
    yield { event: 'other', data: { from: 'others' } };
    await pause(60_000, signal);
  }

  /** Says what came in the body, then waits. */
  @ApiBody({ schema: { type: 'object', example: { rows: 3 } } })
  @SseRoute('imports', { method: RequestMethod.POST })
  async *imports(@Body() body: unknown, @LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
    yield { event: 'accepted', id: 'first', data: { body, after: after ?? null } };
    await pause(60_000, signal);
  }

  @ApiBearerAuth()
  @UseGuards(BearerGuard)
  @SseRoute('private')
  async *private(@SseSignal() signal: AbortSignal) {
    yield { event: 'secret', data: { open: true } };
    await pause(60_000, signal);
  }

  @SseRoute('missing')
  async missing(): Promise<AsyncIterable<unknown>> {
    throw new NotFoundException('No such stream');
  }

  @SseRoute('finite')
  async *finite() {
    yield { event: 'one', data: 1 };
    yield { event: 'two', data: 2 };
  }

  @SseRoute('named-end', { onEnd: { event: 'done' } })
  async *namedEnd() {
    yield { event: 'one', data: 1 };
  }

  @SseRoute('failing', { retry: 60_000 })
  async *failing() {
    yield { event: 'one', data: 1 };
    throw new ForbiddenException('Not for you');
  }

  /** Takes nobody back. */
  @SseRoute('once', { retry: 50 })
  async *once(@LastEventId() after: string | undefined, @SseSignal() signal: AbortSignal) {
    if (after !== undefined) {
      throw new ForbiddenException('Only once');
    }
    yield { event: 'only', id: 'x', data: {} };
    await pause(60_000, signal);
  }

  /** One event too long to show, then many of few characters. */
  @SseRoute('large')
  async *large(@SseSignal() signal: AbortSignal) {
    yield { event: 'long', data: 'x'.repeat(3_000_000) };
    yield { event: 'n'.repeat(200), id: 'i'.repeat(200), data: 0 };
    yield { event: 'many', data: Array.from({ length: 2_000 }, () => 1) };
    await pause(60_000, signal);
  }

  /** Ten megabytes of empty lines, written at once, then an event. */
  @Get('line-breaks')
  @Header('Content-Type', 'text/event-stream')
  lineBreaks(): string {
    return `${'\n'.repeat(10 * 1024 * 1024)}data: last\n\nevent: end\nid: ~end\ndata:\n\n`;
  }

  /** Events whose data begin like JSON and are none: each number in them would be an element of the page. */
  @SseRoute('no-json')
  *noJson() {
    for (let n = 0; n < 200; n++) {
      yield sseEvent({ raw: `[${'1 '.repeat(6_000)}` });
    }
  }

  /** As many events as the connection takes. */
  @SseRoute('flood')
  *flood(@SseSignal() signal: AbortSignal) {
    for (let n = 1; !signal.aborted; n++) {
      yield { event: 'drop', id: String(n), data: { n, text: 'abcdefghijklmnopqrstuvwxyz' } };
    }
  }

  /** Opens late, for what happens before it does. */
  @SseRoute('slow')
  async slow(@SseSignal() signal: AbortSignal) {
    await pause(60_000, signal);
    return [];
  }

  @Get('plain')
  plain(): object {
    return { plain: true };
  }
}

export interface SwaggerUiApp extends TestApp {
  readonly connections: SseConnections;
  /** Requests for a path that are being answered or were, in order. */
  requests(path: string): { readonly lastEventId: string | undefined; readonly headers: IncomingMessage['headers'] }[];
  /** Cuts every connection as a failing network does. */
  cutConnections(): void;
}

export interface SwaggerUiAppOptions {
  /** Options of `SwaggerModule.setup()`. */
  options?: object;
  /** `false` sets Swagger UI up without the panel. */
  panel?: boolean;
  path?: string;
  prefix?: string;
}

/** An application with streams of every kind, and Swagger UI under a strict policy at `/docs`. */
export async function startSwaggerUiApp(adapter: Adapter, given: SwaggerUiAppOptions = {}): Promise<SwaggerUiApp> {
  const { options = {}, panel = true, path = 'docs', prefix } = given;
  const seen: { path: string; headers: IncomingMessage['headers'] }[] = [];
  const sockets = new Set<Socket>();
  const prepare = (app: INestApplication): void => {
    if (prefix !== undefined) {
      app.setGlobalPrefix(prefix);
    }
    app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      const url = (request as { originalUrl?: string }).originalUrl ?? request.url!;
      seen.push({ path: url.split('?')[0]!, headers: request.headers });
      response.setHeader('Content-Security-Policy', DOCS_POLICY);
      next();
    });
    app.getHttpServer().on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    const document = SwaggerModule.createDocument(app, new DocumentBuilder().addBearerAuth().build());
    const setup = panel ? sseSwaggerOptions(options) : options;
    SwaggerModule.setup(path, app, document, { useGlobalPrefix: prefix !== undefined, ...setup });
  };
  const started = await startApp(adapter, { controllers: [StreamsController], prepare });
  return Object.assign(started, {
    connections: started.app.get(SseConnections),
    requests: (wanted: string) =>
      seen
        .filter((request) => request.path === wanted)
        .map(({ headers }) => ({ headers, lastEventId: headers['last-event-id'] as string | undefined })),
    cutConnections: () => sockets.forEach((socket) => socket.resetAndDestroy()),
  });
}
