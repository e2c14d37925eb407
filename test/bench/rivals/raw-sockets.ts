import type { Socket } from 'node:net';
import { listenWithNode, STREAM_HEADERS } from './node-server';
import type { Rival } from './rival';

/** The least that Node can do: the events of a turn as one chunk that is framed already, past the response. */
export const rawSockets: Rival = {
  async broadcast() {
    const clients = new Set<Socket>();
    let batch = '';
    const { port } = await listenWithNode((_request, response) => {
      response.writeHead(200, STREAM_HEADERS);
      response.write(':\n\n');
      const socket = response.socket!;
      clients.add(socket);
      response.once('close', () => clients.delete(socket));
    });
    const flush = (): void => {
      const text = batch;
      batch = '';
      const chunk = Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
      for (const socket of clients) {
        socket.write(chunk);
      }
    };
    return {
      port,
      publish(data) {
        if (batch === '') {
          process.nextTick(flush);
        }
        batch += `data: ${JSON.stringify(data)}\n\n`;
      },
    };
  },
};
