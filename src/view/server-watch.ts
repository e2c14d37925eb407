import { Server as HttpServer, type IncomingMessage } from 'node:http';
import type { Http2Session } from 'node:http2';
import { Server as HttpsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import { isEventSource } from '../stream/accept';
import type { RawRequest, RawResponse } from '../stream/client-response';
import { isTaken } from '../stream/taken-socket';
import { replaceUnavailable } from './unavailable-answer';

/** Milliseconds between two looks at what keeps a server that was closed from ending. */
const SWEEP_INTERVAL = 50;

/** What the watch needs of its application. */
export interface WatchedApplication {
  readonly isShuttingDown: boolean;
  /** Milliseconds after which a client that is sent away shall reconnect: another number for each. */
  spreadRetry(): number;
}

/**
 * What streams need of the application's HTTP server as a whole, where no route can see it: that nothing is pipelined behind
 * an open stream, that `EventSource` survives the shutdown, and that no connection of a client that is not being answered
 * keeps the server from closing.
 */
export class ServerWatch {
  /** Sockets of HTTP/1.1 that have not sent a request yet: browsers open some ahead. Node waits for them without end. */
  private readonly silent = new Set<Socket>();
  /** Requests whose stream is over, and whose body is not. Node waits for them, on Fastify up to 72 seconds. */
  private readonly lingering = new Set<IncomingMessage>();
  /** Idle ones keep a server of HTTP/2 from closing, before Node 24. */
  private readonly sessions = new Set<Http2Session>();

  constructor(
    private readonly server: Server,
    private readonly application: WatchedApplication,
  ) {
    // Before the framework's own listener.
    server.prependListener('request', (request: RawRequest, response: RawResponse) =>
      this.onRequest(request, response),
    );
    server.on('session', (session: Http2Session) => {
      this.sessions.add(session);
      session.once('close', () => this.sessions.delete(session));
    });
    if (server instanceof HttpServer || server instanceof HttpsServer) {
      const { silent } = this;
      // One function for all: a closure for each connection would be felt.
      const forget = function (this: Socket): void {
        silent.delete(this);
      };
      server.on(server instanceof HttpsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
        silent.add(socket);
        socket.on('close', forget);
      });
    }
  }

  /** The stream of a request is over, its body is not. */
  linger(request: IncomingMessage): void {
    if (this.lingering.has(request)) {
      return;
    }
    this.lingering.add(request);
    const { socket } = request;
    const forget = (): void => {
      this.lingering.delete(request);
      request.off('close', forget);
      // The socket may carry many requests.
      socket.off('close', forget);
    };
    request.on('close', forget);
    socket.on('close', forget);
  }

  /**
   * From here on, lets the server close: as soon as it takes no more connections, those that are not being answered end.
   *
   * @param grace milliseconds that a client has to send the rest of a request.
   */
  letClose(grace: number): void {
    const { server } = this;
    if (!server.listening) {
      return;
    }
    const deadline = performance.now() + grace;
    const timer = setInterval(() => {
      if (!server.listening) {
        this.sweep(performance.now() >= deadline);
      }
    }, SWEEP_INTERVAL).unref();
    server.once('close', () => clearInterval(timer));
  }

  private sweep(isGraceOver: boolean): void {
    const { server } = this;
    if (server instanceof HttpServer || server instanceof HttpsServer) {
      // Those that became idle after `close()`, which does the same once.
      server.closeIdleConnections();
    }
    for (const socket of this.silent) {
      if ((socket as { parser?: unknown }).parser === null) {
        // It speaks another protocol now, such as WebSocket, and is not ours.
        this.silent.delete(socket);
      } else if (socket.bytesRead === 0 || isGraceOver) {
        socket.destroy();
      }
    }
    for (const { complete, socket } of this.lingering) {
      if (!complete) {
        socket.destroySoon();
      }
    }
    for (const session of this.sessions) {
      // Its open streams go on.
      session.close();
    }
  }

  private onRequest(request: RawRequest, response: RawResponse): void {
    if (request.httpVersionMajor === 1) {
      const { socket } = request;
      this.silent.delete(socket);
      if (isTaken(socket)) {
        cut(socket);
      }
    }
    if (this.application.isShuttingDown && isEventSource(request)) {
      replaceUnavailable(request, response, () => this.application.spreadRetry());
    }
  }
}

/** Ends a socket at once, with the requests that came in one piece with this one and are not parsed yet. */
function cut(socket: Socket): void {
  socket.destroy();
  const { parser } = socket as { parser?: { onIncoming?: () => number } | null };
  if (parser?.onIncoming) {
    // Node goes on within what it has read: up to 64 KB, which is more than a thousand requests for nobody.
    parser.onIncoming = () => 0;
  }
}
