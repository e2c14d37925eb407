import { tick } from '../server/sources';
import { frame } from './frame';
import { drained, listenWithNode, STREAM_HEADERS } from './node-server';
import type { Rival } from './rival';

const BATCH_LENGTH = 16_384;

/** What the bytes alone cost: no generator, a plain loop. The client says how many events it wants. */
export const rawLoop: Rival = {
  stream: ({ ids }) =>
    listenWithNode(async (request, response) => {
      const events = Number(request.headers['x-events']);
      response.writeHead(200, STREAM_HEADERS);
      let batch = '';
      for (let n = 0; n < events; n++) {
        batch += frame(tick(n), ids);
        if (batch.length >= BATCH_LENGTH) {
          if (!response.write(batch)) {
            await drained(response);
          }
          batch = '';
        }
      }
      response.end(batch);
    }),
};
