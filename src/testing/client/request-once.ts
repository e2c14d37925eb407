import { request as requestByHttp, type IncomingMessage } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** A request with its body. */
export interface OneRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** https://fetch.spec.whatwg.org/#http-redirect-fetch */
const MAX_REDIRECTS = 20;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Statuses whose response has no body. https://fetch.spec.whatwg.org/#null-body-status */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * As `fetch`, on a connection of its own that ends with the response. `fetch` keeps its connections for later, and opens new
 * ones in the place of those that were cut: a server that closes then waits for them, up to four seconds.
 */
export async function requestOnce(url: URL, request: OneRequest): Promise<Response> {
  let [at, current] = [url, request];
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const message = await send(at, current);
    const { location } = message.headers;
    if (!REDIRECTS.has(message.statusCode!) || location === undefined) {
      return toResponse(message);
    }
    message.destroy();
    const next = new URL(location, at);
    current = redirected(current, message.statusCode!, next.origin === at.origin);
    at = next;
  }
  throw new Error(`More than ${MAX_REDIRECTS} redirects from ${url.href}`);
}

function send(url: URL, { method, headers, body, signal }: OneRequest): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestByHttps : requestByHttp;
  return new Promise((resolve, reject) => {
    request(url, {
      // A pool of its own, that keeps nothing.
      agent: false,
      method,
      signal,
      headers: { 'accept-encoding': Object.keys(DECODERS).join(', '), ...Object.fromEntries(headers) },
    })
      .on('response', resolve)
      .on('error', reject)
      .end(body);
  });
}

function redirected(request: OneRequest, status: number, isSameOrigin: boolean): OneRequest {
  const { method, signal } = request;
  const headers = new Headers(request.headers);
  if (!isSameOrigin) {
    headers.delete('authorization');
    headers.delete('cookie');
  }
  if (status === 303 ? method === 'GET' || method === 'HEAD' : method !== 'POST' || status >= 307) {
    return { ...request, headers };
  }
  headers.delete('content-type');
  return { method: 'GET', headers, body: undefined, signal };
}

function toResponse(message: IncomingMessage): Response {
  const headers = new Headers();
  for (let index = 0; index < message.rawHeaders.length; index += 2) {
    headers.append(message.rawHeaders[index]!, message.rawHeaders[index + 1]!);
  }
  const status = message.statusCode!;
  if (BODILESS.has(status)) {
    message.resume();
    return new Response(null, { status, headers });
  }
  const decoder = DECODERS[headers.get('content-encoding') ?? '']?.();
  // What fails on the way is an error of the body, to whoever reads it.
  const body = decoder ? pipeline(message, decoder, () => undefined) : message;
  return new Response(Readable.toWeb(body) as ReadableStream<Uint8Array>, { status, headers });
}
