import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { retryFrame } from '../event/encode';
import type { RawRequest, RawResponse } from '../stream/client-response';
import { streamHead } from '../stream/response-headers';

const UNAVAILABLE = 503;

/**
 * Makes of a `503`, whoever answers with it, a `200` with the time after which the client reconnects. Fastify answers by
 * itself once it closes, and adapters do with `return503OnClosing`: before any hook of ours, and `EventSource` never returns
 * after that. Every other answer is left as it is.
 *
 * @param retry gives that time, in milliseconds.
 */
export function replaceUnavailable(request: RawRequest, raw: RawResponse, retry: () => number): void {
  // Of the two kinds of responses, one names what is the same in both.
  const response = raw as ServerResponse;
  const { writeHead, write, end } = response;
  let isReplaced = false;
  /** Over HTTP/2 `end` calls `write`. */
  let isSending = false;

  const replaces = (status: number, given: OutgoingHttpHeaders = {}): boolean => {
    if (isSending) {
      return false;
    }
    if (isReplaced || status !== UNAVAILABLE || response.headersSent) {
      return isReplaced;
    }
    isReplaced = true;
    const carried = { ...readableFrom(request), ...response.getHeaders(), ...given };
    for (const name of response.getHeaderNames()) {
      response.removeHeader(name);
    }
    const { headers } = streamHead(request.httpVersion, carried, {});
    writeHead.call(response, 200, headers);
    isSending = true;
    end.call(response, retryFrame(retry()), 'utf8');
    isSending = false;
    return true;
  };

  response.writeHead = function (this: ServerResponse, status: number, ...rest: unknown[]) {
    const given = rest.find((part) => typeof part === 'object' && part !== null) as OutgoingHttpHeaders | undefined;
    return replaces(status, given) ? this : (writeHead as Function).call(this, status, ...rest);
  } as typeof writeHead;
  response.write = function (this: ServerResponse, ...args: unknown[]) {
    return replaces(this.statusCode) ? done(args, true) : (write as Function).apply(this, args);
  } as typeof write;
  response.end = function (this: ServerResponse, ...args: unknown[]) {
    return replaces(this.statusCode) ? done(args, this) : (end as Function).apply(this, args);
  } as typeof end;
}

/** As the method that was called would end, with its callback. */
function done<T>(args: unknown[], result: T): T {
  const callback = args.find((argument) => typeof argument === 'function');
  if (callback) {
    process.nextTick(callback as () => void);
  }
  return result;
}

/** Lets a page of another origin read it. There is nothing in it, and without this it is an error to the page as well. */
function readableFrom({ headers: { origin } }: RawRequest): OutgoingHttpHeaders {
  return origin === undefined
    ? {}
    : { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', vary: 'Origin' };
}
