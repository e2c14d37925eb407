import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Instances } from './instances';

/**
 * Passes a request on to an instance that runs, as a load balancer does: a stream chunk by chunk, and where its instance ends
 * in the middle, so does the client's connection.
 */
export function passOn(instances: Instances) {
  return (incoming: IncomingMessage & { originalUrl: string }, response: ServerResponse): void => {
    const instance = instances.next();
    if (!instance) {
      response.writeHead(503, { 'Retry-After': '1', 'Content-Type': 'text/plain' }).end('No instance is running\n');
      return;
    }
    const { method, headers, originalUrl: path } = incoming;
    const outgoing = request({ host: '127.0.0.1', port: instance.port, method, headers, path }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      // An event goes on as soon as it is here, and so does the head of a stream that has none yet.
      response.flushHeaders();
      answer.pipe(response);
      answer.once('error', () => response.destroy());
    });
    outgoing.once('error', () => {
      if (response.headersSent) {
        response.destroy();
      } else {
        response.writeHead(502, { 'Content-Type': 'text/plain' }).end('The instance is gone\n');
      }
    });
    response.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  };
}
