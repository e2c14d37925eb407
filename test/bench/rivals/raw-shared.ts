import type { IncomingMessage, ServerResponse } from 'node:http';
import { listenWithNode, STREAM_HEADERS } from './node-server';
import type { Broadcast, BroadcastSetup, Rival } from './rival';

/** Each event is made once, and written to every response. Those who come back get what is kept, joined. */
export const rawShared: Rival = {
  async broadcast(setup) {
    const { accept, publish } = writeShared(setup);
    const { port } = await listenWithNode(accept);
    return { port, publish };
  },
};

interface SharedWriter extends Pick<Broadcast, 'publish'> {
  accept(request: IncomingMessage, response: ServerResponse): void;
}

/** Writes each event to all responses that it was given. */
export function writeShared({ heartbeat, history }: BroadcastSetup): SharedWriter {
  const clients = new Set<ServerResponse>();
  const kept: string[] = [];
  let last = 0;
  const send = (text: string): void => {
    const bytes = Buffer.from(text);
    for (const response of clients) {
      response.write(bytes);
    }
  };
  if (heartbeat) {
    setInterval(send, heartbeat, ':\n\n');
  }
  return {
    accept(request, response) {
      response.writeHead(200, STREAM_HEADERS);
      const after = request.headers['last-event-id'];
      if (typeof after === 'string') {
        response.write(kept.slice(kept.length - (last - Number(after))).join(''));
      } else {
        response.write(`event: start\nid: ${last}\ndata: {}\n\n`);
      }
      clients.add(response);
      response.once('close', () => clients.delete(response));
    },
    publish(data) {
      const text = `id: ${++last}\ndata: ${JSON.stringify(data)}\n\n`;
      if (kept.push(text) > history) {
        kept.shift();
      }
      send(text);
    },
  };
}
