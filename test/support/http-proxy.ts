import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface HttpProxyOptions {
  /** A port of 127.0.0.1. */
  readonly target: number;
  /** Changes each HTML document on its way. */
  readonly changeDocument?: (html: string) => string;
  /** Files that it answers itself, by their paths: scripts. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Stands before a server as a load balancer does: it passes bytes on as they come, and answers 502 where there is none. */
export class HttpProxy {
  private constructor(
    private readonly options: HttpProxyOptions,
    private readonly server: Server,
  ) {
    server.on('request', (incoming, response) => this.answer(incoming, response));
  }

  static async start(options: HttpProxyOptions): Promise<HttpProxy> {
    const proxy = new HttpProxy(options, createServer());
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private answer(incoming: IncomingMessage, response: ServerResponse): void {
    const { target, files = {} } = this.options;
    const { method, url: path = '/' } = incoming;
    const file = files[path];
    if (file !== undefined) {
      response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(file);
      return;
    }
    // A document is read here, so it may not be compressed; nor is a part of it of use, or that it has not changed.
    const {
      'accept-encoding': _encoding,
      'if-none-match': _tag,
      'if-modified-since': _since,
      ...headers
    } = incoming.headers;
    const outgoing = request({ host: '127.0.0.1', port: target, method, path, headers, agent: false }, (answer) => {
      this.passBack(answer, response).catch(() => response.destroy());
    });
    outgoing.once('error', () => {
      if (response.headersSent) {
        response.destroy();
      } else {
        response.writeHead(502, { 'Content-Type': 'text/plain' }).end('Bad Gateway\n');
      }
    });
    response.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  private async passBack(answer: IncomingMessage, response: ServerResponse): Promise<void> {
    const { changeDocument } = this.options;
    // The proxy has connections of its own.
    const { connection: _connection, 'keep-alive': _keepAlive, 'content-length': length, ...headers } = answer.headers;
    if (changeDocument && headers['content-type']?.startsWith('text/html')) {
      response.writeHead(answer.statusCode!, headers).end(changeDocument(await text(answer)));
      return;
    }
    response.writeHead(answer.statusCode!, { ...headers, ...(length !== undefined && { 'content-length': length }) });
    // An event goes on as soon as it is here, and so does the head of a stream that has none yet.
    response.flushHeaders();
    answer.once('error', () => response.destroy());
    answer.pipe(response);
  }
}
