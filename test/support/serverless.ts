import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What came of a request. */
export interface ServerlessAnswer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

/**
 * Hands one request to an application as the packages do that run it on a serverless platform: no server, no socket, a
 * request that was whole before, and a response that says when it has finished and never that it was closed.
 */
export function serverless(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  url: string,
  headers: Record<string, string> = {},
): Promise<ServerlessAnswer> {
  // No method of a socket, but those that every such package has.
  const request = new IncomingMessage({
    encrypted: true,
    readable: false,
    remoteAddress: '127.0.0.1',
    end: Function.prototype,
    destroy: Function.prototype,
  } as unknown as Socket);
  Object.assign(request, {
    method: 'GET',
    url,
    headers: { host: 'localhost', accept: 'text/event-stream', ...headers },
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    complete: true,
  });
  request.push(null);
  const response = new ServerResponse(request);
  const parts: string[] = [];
  response.useChunkedEncodingByDefault = false;
  response.assignSocket({
    _writableState: {},
    writable: true,
    on: Function.prototype,
    removeListener: Function.prototype,
    destroy: Function.prototype,
    cork: Function.prototype,
    uncork: Function.prototype,
    write: (data: string | Buffer, encoding?: unknown, done?: unknown) => {
      parts.push(Buffer.isBuffer(data) ? data.toString() : data);
      const callback = typeof encoding === 'function' ? encoding : done;
      if (typeof callback === 'function') {
        callback();
      }
      return true;
    },
  } as unknown as Socket);
  return new Promise((resolve) => {
    response.on('finish', () => {
      const whole = parts.join('');
      const body = whole.slice(whole.indexOf('\r\n\r\n') + 4);
      resolve({ status: response.statusCode, headers: { ...response.getHeaders() }, body });
    });
    handler(request, response);
  });
}
