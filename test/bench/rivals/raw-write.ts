import { frame } from './frame';
import { drained, goneSignal, listenWithNode, STREAM_HEADERS } from './node-server';
import type { Rival } from './rival';

/** What most servers are written like at first: a write for each event, and the client is waited for. */
export const rawWrite: Rival = {
  stream: ({ source, ids }) =>
    listenWithNode(async (_request, response) => {
      response.writeHead(200, STREAM_HEADERS);
      for await (const { data } of source(goneSignal(response))) {
        if (!response.write(frame(data, ids))) {
          await drained(response);
        }
        if (response.destroyed) {
          return;
        }
      }
      response.end();
    }),
};
