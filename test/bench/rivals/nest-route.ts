import { Controller, Get, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listenWithNest } from './nest-application';
import { writeShared } from './raw-shared';
import { writeEach } from './raw-write';
import type { Rival } from './rival';

interface Reply {
  readonly raw: ServerResponse;
  readonly request: { readonly raw: IncomingMessage };
  hijack(): void;
}

/** What Nest and Fastify take for a route by themselves: nobody can be cheaper on them. */
export const nestRoute: Rival = {
  stream({ source, ids }) {
    @Controller('stream')
    class StreamController {
      @Get()
      stream(@Res() reply: Reply): Promise<void> {
        reply.hijack();
        return writeEach(reply.raw, { source, ids });
      }
    }
    return listenWithNest('fastify', { controllers: [StreamController] });
  },

  async broadcast(setup) {
    const { accept, publish } = writeShared(setup);

    @Controller('live')
    class LiveController {
      @Get()
      live(@Res() reply: Reply): void {
        reply.hijack();
        accept(reply.request.raw, reply.raw);
      }
    }
    const { port } = await listenWithNest('fastify', { controllers: [LiveController] });
    return { port, publish };
  },
};
