import type { INestApplication } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StreamRequest } from './stream-requests';

/** Keeps the requests that an application gets for one path, whichever browser sends them. */
export class RequestLog {
  private readonly kept: {
    readonly at: number;
    readonly request: IncomingMessage;
    readonly response: ServerResponse;
  }[] = [];

  constructor(app: INestApplication, path: string) {
    app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      const url = (request as { originalUrl?: string }).originalUrl ?? request.url!;
      if (url.split('?')[0] === path) {
        this.kept.push({ at: performance.now(), request, response });
      }
      next();
    });
  }

  /** Those that were answered, in order. */
  answered(): StreamRequest[] {
    return this.kept
      .filter(({ response }) => response.headersSent)
      .map(({ request, response }) => ({
        status: response.statusCode,
        lastEventId: request.headers['last-event-id'] as string | undefined,
      }));
  }

  /** Milliseconds between one request and the next. */
  gaps(): number[] {
    return this.kept.slice(1).map(({ at }, index) => at - this.kept[index]!.at);
  }
}
