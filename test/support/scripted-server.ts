import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as the server got it. */
export interface ServedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
  /** Begins an event stream. */
  stream(): ServerResponse;
}

/** A server that answers as a test says, and remembers what it was asked. */
export interface ScriptedServer {
  readonly url: string;
  readonly requests: ServedRequest[];
  readonly server: Server;
  close(): Promise<void>;
}

/** @param answer is called for each request, with its number from 0. */
export async function scriptedServer(
  answer: (request: ServedRequest, number: number) => void,
): Promise<ScriptedServer> {
  const requests: ServedRequest[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const served: ServedRequest = {
        request,
        response,
        body: Buffer.concat(parts).toString(),
        stream: () => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          response.flushHeaders();
          return response;
        },
      };
      requests.push(served);
      answer(served, requests.length - 1);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    server,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
