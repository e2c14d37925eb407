import type { ServerResponse } from 'node:http';
import { frame } from './frame';
import { drained, goneSignal, listenWithNode, STREAM_HEADERS } from './node-server';
import type { Rival, StreamSetup } from './rival';

/** What most servers are written like at first: a write for each event, and the client is waited for. */
export const rawWrite: Rival = {
  stream: (setup) => listenWithNode((_request, response) => void writeEach(response, setup)),
};

/** Writes a head, and the events of a source, one by one. */
export async function writeEach(
  response: ServerResponse,
  { source, ids }: Pick<StreamSetup, 'source' | 'ids'>,
): Promise<void> {
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
}
