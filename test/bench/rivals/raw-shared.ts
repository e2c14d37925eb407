import type { ServerResponse } from 'node:http';
import { listenWithNode, STREAM_HEADERS } from './node-server';
import type { Rival } from './rival';

/** Each event is made once, and written to every response. Those who come back get what is kept, joined. */
export const rawShared: Rival = {
  async broadcast({ heartbeat, history }) {
    const clients = new Set<ServerResponse>();
    const kept: string[] = [];
    let last = 0;
    const { port } = await listenWithNode((request, response) => {
      response.writeHead(200, STREAM_HEADERS);
      const after = request.headers['last-event-id'];
      if (typeof after === 'string') {
        response.write(kept.slice(kept.length - (last - Number(after))).join(''));
      } else {
        response.write(`event: start\nid: ${last}\ndata: {}\n\n`);
      }
      clients.add(response);
      response.once('close', () => clients.delete(response));
    });
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
      port,
      publish(data) {
        const text = `id: ${++last}\ndata: ${JSON.stringify(data)}\n\n`;
        if (kept.push(text) > history) {
          kept.shift();
        }
        send(text);
      },
    };
  },
};
