/** What Swagger UI gives to `fetch`. */
export interface FetchRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly [property: string]: unknown;
}

export type Fetch = (url: string, request: object) => Promise<Response>;

/** The same request with the id of the last event; as it was where there is none. */
export function withLastEventId(request: FetchRequest, lastEventId: string): FetchRequest {
  if (lastEventId === '') {
    return request;
  }
  const others = Object.entries(request.headers ?? {}).filter(([name]) => name.toLowerCase() !== 'last-event-id');
  return { ...request, headers: { ...Object.fromEntries(others), 'Last-Event-ID': asHeader(lastEventId) } };
}

/** Whether the request asks for an event stream by its `Accept` header. */
export function asksForEventStream({ headers = {} }: FetchRequest): boolean {
  return Object.entries(headers).some(([name, value]) => /^accept$/i.test(name) && /text\/event-stream/i.test(value));
}

/** Header values have one byte a character: UTF-8, as `EventSource` sends it. */
function asHeader(id: string): string {
  return Array.from(new TextEncoder().encode(id), (byte) => String.fromCharCode(byte)).join('');
}
