import type { IncomingMessage } from 'node:http';

/**
 * Reads what is left of a request's body and drops it, unless somebody reads it. Whoever starts to read it afterwards gets an
 * error, not a body without its beginning.
 */
export function discardBody(request: IncomingMessage): void {
  if (request.complete || request.readableFlowing !== null || request.readableDidRead) {
    return;
  }
  request.resume();
  request.on('newListener', (name) => {
    if ((name === 'data' || name === 'readable') && !request.destroyed) {
      request.destroy(
        new Error(
          'The body of the request was discarded when its stream was opened, because nothing read it and the method does ' +
            'not take the request. To read it in the stream, give the method a parameter with @Req()',
        ),
      );
    }
  });
}
