import { createEventStream, H3, serve, type EventStream } from 'h3';
import { randomUUID } from 'node:crypto';
import type { Listening, Rival } from './rival';

/** h3 on its Node server, with `createEventStream`. */
export const h3: Rival = {
  stream({ source, ids }) {
    const app = new H3();
    app.get('/stream', (event) => {
      const stream = createEventStream(event);
      void (async () => {
        for await (const { data } of source(event.req.signal)) {
          const json = JSON.stringify(data);
          await stream.push(ids ? { data: json, id: randomUUID() } : { data: json });
        }
        await stream.close();
      })();
      return stream.send();
    });
    return listen(app);
  },

  async broadcast() {
    const app = new H3();
    const clients = new Set<EventStream>();
    app.get('/live', (event) => {
      const stream = createEventStream(event);
      clients.add(stream);
      stream.onClosed(() => {
        clients.delete(stream);
      });
      void stream.pushComment('');
      return stream.send();
    });
    const { port } = await listen(app);
    return {
      port,
      publish(data) {
        const message = { data: JSON.stringify(data) };
        for (const client of clients) {
          void client.push(message);
        }
      },
    };
  },
};

async function listen(app: H3): Promise<Listening> {
  app.get('/ping', () => 'pong');
  const server = serve(app, { hostname: '127.0.0.1', port: 0, silent: true });
  await server.ready();
  return { port: Number(new URL(server.url!).port) };
}
