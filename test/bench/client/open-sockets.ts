import { connect, type Socket } from 'node:net';

/** What a client asks for. */
export interface ClientRequest {
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** All sockets read into the same buffer: what is read is looked at at once, and never kept. */
const shared = Buffer.allocUnsafe(1_048_576);

/**
 * Opens a socket and sends a request.
 *
 * @param onRead takes what came; the buffer is valid during the call. Without it nothing is read.
 */
export function openSocket(
  request: ClientRequest,
  onRead: ((buffer: Buffer, length: number, socket: Socket) => void) | undefined,
): Socket {
  const { port, path, headers = {} } = request;
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    ...(onRead && {
      onread: {
        buffer: shared,
        callback: (length, buffer) => {
          onRead(buffer as Buffer, length, socket);
          return true;
        },
      },
    }),
  });
  if (!onRead) {
    socket.pause();
  }
  const lines = Object.entries({ Host: 'localhost', Accept: 'text/event-stream', ...headers });
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  return socket;
}
