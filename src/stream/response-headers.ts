import { validateHeaderName, validateHeaderValue, type OutgoingHttpHeaders } from 'node:http';

/** Headers of a route by name; `undefined` takes a default header away. */
export type SseHeaders = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/**
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface for the type,
 * https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering for `X-Accel-Buffering`
 */
const DEFAULT_HEADERS: SseHeaders = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
};

/** Headers that describe another body than the stream. */
const OF_ANOTHER_BODY = ['content-length', 'content-encoding', 'transfer-encoding'];

/** Headers that describe the connection, which HTTP/2 does not have (RFC 9113, 8.2.2). */
const OF_THE_CONNECTION = ['connection', 'keep-alive'];

/** The head of a stream's response. */
export interface StreamHead {
  readonly headers: OutgoingHttpHeaders;
  /** Headers that shall not be sent, those that Node would add by itself among them. */
  readonly removed: readonly string[];
}

/** The heads of streams whose response carries no headers yet, by the route's own: the same for each connection. */
const headsOfRoutes = new WeakMap<SseHeaders, Map<string, StreamHead>>();

/**
 * The headers of a stream: the defaults, then what the framework's response carries already (of middleware, CORS and
 * `@Header()`), then the route's own. `undefined` stands for a header that shall not be sent.
 *
 * None of the defaults is `Connection`: Node says whether the connection stays open. It knows what the client asked for, and
 * when `maxRequestsPerSocket` is reached. To a client that was promised an open connection and is then refused on it,
 * `EventSource` does not return.
 *
 * @param httpVersion `1.1`, `2.0`, …
 * @throws TypeError when one of them cannot be sent.
 */
export function streamHead(httpVersion: string, carried: OutgoingHttpHeaders, own: SseHeaders): StreamHead {
  if (Object.keys(carried).length > 0) {
    return merged(httpVersion, carried, own);
  }
  const heads = headsOfRoutes.get(own) ?? new Map<string, StreamHead>();
  const head = heads.get(httpVersion) ?? merged(httpVersion, carried, own);
  headsOfRoutes.set(own, heads.set(httpVersion, head));
  return head;
}

function merged(httpVersion: string, carried: OutgoingHttpHeaders, own: SseHeaders): StreamHead {
  const unfit = httpVersion.startsWith('1.') ? [] : OF_THE_CONNECTION;
  const all = mergeHeaders(
    DEFAULT_HEADERS,
    withoutHeaders(ofStream(carried), [...OF_ANOTHER_BODY, ...unfit]),
    withoutHeaders(own, unfit.length > 0 ? [...OF_ANOTHER_BODY, ...unfit] : []),
  );
  const head = { headers: {} as OutgoingHttpHeaders, removed: [] as string[] };
  for (const [name, value] of Object.entries(all)) {
    if (value === undefined) {
      head.removed.push(name);
    } else {
      // Node looks at them when they are sent, where nobody could answer the client any more.
      validateHeaderName(name);
      validateHeaderValue(name, value as string);
      head.headers[name] = value as string;
    }
  }
  return head;
}

/** Later ones win, whatever the case of their names. */
export function mergeHeaders(...all: (SseHeaders | undefined)[]): SseHeaders {
  const byName = new Map<string, [name: string, value: SseHeaders[string]]>();
  for (const headers of all) {
    for (const [name, value] of Object.entries(headers ?? {})) {
      const known = byName.get(name.toLowerCase());
      byName.set(name.toLowerCase(), [known?.[0] ?? name, value]);
    }
  }
  return Object.fromEntries(byName.values());
}

/** All but those with these names, whatever their case. */
export function withoutHeaders(headers: SseHeaders, names: readonly string[]): SseHeaders {
  const left = new Set(names.map((name) => name.toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !left.has(name.toLowerCase())));
}

/** Without the type of another body. */
function ofStream(carried: OutgoingHttpHeaders): SseHeaders {
  return Object.fromEntries(
    Object.entries(carried).filter(
      ([name, value]) => name.toLowerCase() !== 'content-type' || String(value).startsWith('text/event-stream'),
    ),
  );
}
