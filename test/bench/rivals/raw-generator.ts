import { frame } from './frame';
import { drained, goneSignal, listenWithNode, STREAM_HEADERS } from './node-server';
import type { Rival } from './rival';

/** Characters of a batch. */
const BATCH_LENGTH = 16_384;

/**
 * The least that an async generator of events costs: frames are joined to batches, and the client is waited for.
 *
 * @param parse what is done to each event's data.
 */
export const rawGenerator = (parse: (data: object) => object = (data) => data): Rival => ({
  stream: ({ source, ids }) =>
    listenWithNode(async (_request, response) => {
      response.writeHead(200, STREAM_HEADERS);
      let batch = '';
      for await (const { data } of source(goneSignal(response))) {
        batch += frame(parse(data), ids);
        if (batch.length >= BATCH_LENGTH) {
          if (!response.write(batch)) {
            await drained(response);
          }
          batch = '';
          if (response.destroyed) {
            return;
          }
        }
      }
      response.end(batch);
    }),
});
