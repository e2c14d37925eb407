import { Controller, Get, Res } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { listenWithNest } from './nest-application';
import { writeEach } from './raw-write';
import type { Rival } from './rival';

/** What Nest and Fastify take for a route by themselves: nobody can be cheaper on them. */
export const nestRoute: Rival = {
  stream({ source, ids }) {
    @Controller('stream')
    class StreamController {
      @Get()
      stream(@Res() reply: { readonly raw: ServerResponse; hijack(): void }): Promise<void> {
        reply.hijack();
        return writeEach(reply.raw, { source, ids });
      }
    }
    return listenWithNest('fastify', { controllers: [StreamController] });
  },
};
