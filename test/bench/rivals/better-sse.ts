import { createChannel, createSession } from 'better-sse';
import { goneSignal, listenWithNode } from './node-server';
import type { Rival } from './rival';

/** better-sse on `node:http`: what its `iterate` does, and its channels. It writes an `id` line in any case. */
export const betterSse: Rival = {
  stream: ({ source, ids }) =>
    listenWithNode(async (request, response) => {
      const session = await createSession(request, response);
      for await (const { data } of source(goneSignal(response))) {
        if (ids) {
          session.push(data);
        } else {
          session.push(data, 'message', '');
        }
      }
      response.end();
    }),

  async broadcast({ heartbeat }) {
    const channel = createChannel();
    const { port } = await listenWithNode(async (request, response) => {
      channel.register(await createSession(request, response, { keepAlive: heartbeat || null }));
    });
    return { port, publish: (data) => channel.broadcast(data) };
  },
};
