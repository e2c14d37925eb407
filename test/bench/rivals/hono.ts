import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE, type SSEStreamingApi } from 'hono/streaming';
import { randomUUID } from 'node:crypto';
import type { Listening, Rival } from './rival';

/** hono on its Node server, with `streamSSE`. */
export const hono: Rival = {
  stream({ source, ids }) {
    const app = new Hono();
    app.get('/stream', (context) =>
      streamSSE(context, async (stream) => {
        for await (const { data } of source(context.req.raw.signal)) {
          const json = JSON.stringify(data);
          await stream.writeSSE(ids ? { data: json, id: randomUUID() } : { data: json });
          if (stream.aborted) {
            return;
          }
        }
      }),
    );
    return listen(app);
  },

  async broadcast() {
    const app = new Hono();
    const clients = new Set<SSEStreamingApi>();
    app.get('/live', (context) =>
      streamSSE(context, async (stream) => {
        clients.add(stream);
        await stream.write(':\n\n');
        await new Promise<void>((resolve) => {
          stream.onAbort(resolve);
        });
        clients.delete(stream);
      }),
    );
    const { port } = await listen(app);
    return {
      port,
      publish(data) {
        const message = { data: JSON.stringify(data) };
        for (const client of clients) {
          void client.writeSSE(message);
        }
      },
    };
  },
};

function listen(app: Hono): Promise<Listening> {
  app.get('/ping', (context) => context.text('pong'));
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => resolve({ port }));
  });
}
