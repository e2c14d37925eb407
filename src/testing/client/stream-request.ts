import { requestOnce } from './request-once';

/** What a request for a stream may carry. */
export interface StreamRequestOptions {
  /** @default 'GET' */
  readonly method?: string | undefined;
  /** Headers beside `Accept`, `Cache-Control` and `Last-Event-ID`, which each request has. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Body, sent anew with each request. A value that is no string or bytes is sent as JSON. */
  readonly body?: unknown;
}

/** The answer to a request for a stream was none. */
export class StreamRefusedError extends Error {
  override readonly name = 'StreamRefusedError';

  constructor(
    /** Status of the response. */
    readonly status: number,
    /** Headers of the response. */
    readonly headers: Headers,
    /** Beginning of the response's body. */
    readonly body: string,
    /** Whether the server says with `204 No Content` that the stream is over. */
    readonly isOver = status === 204,
  ) {
    super(
      isOver
        ? 'The server says with 204 No Content that the stream is over'
        : `No event stream: ${status}, ${headers.get('content-type') ?? 'no content type'}${body && `: ${body}`}`,
    );
  }
}

/** Most characters of a refusal that an error carries. */
const MAX_REFUSAL = 2_000;

/**
 * Asks for a stream as `EventSource` does.
 *
 * @throws StreamRefusedError for whatever `EventSource` would not read: another status than 200, another content type.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model
 */
export async function requestStream(
  url: string | URL,
  { method = 'GET', headers = {}, body }: StreamRequestOptions,
  lastEventId: string,
  signal: AbortSignal,
): Promise<Response> {
  const isText = typeof body === 'string';
  const isJson = body !== undefined && !isText && !(body instanceof Uint8Array);
  const all = new Headers({
    accept: 'text/event-stream',
    'cache-control': 'no-store',
    ...(isJson && { 'content-type': 'application/json' }),
    ...(isText && { 'content-type': 'text/plain;charset=UTF-8' }),
    // A header carries bytes: those of the id in UTF-8.
    ...(lastEventId && { 'last-event-id': Buffer.from(lastEventId).toString('latin1') }),
  });
  for (const [name, value] of Object.entries(headers)) {
    all.set(name, value);
  }
  const sent = isJson ? JSON.stringify(body) : (body as string | Uint8Array | undefined);
  return streamOf(await requestOnce(new URL(url), { method, headers: all, body: sent, signal }));
}

/** The response, if it is a stream. @throws StreamRefusedError when it is none. */
export async function streamOf(response: Response): Promise<Response> {
  const essence = response.headers.get('content-type')?.split(';')[0]!.trim().toLowerCase();
  if (response.status === 200 && essence === 'text/event-stream' && response.body) {
    return response;
  }
  throw new StreamRefusedError(response.status, response.headers, await beginning(response));
}

async function beginning(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length >= MAX_REFUSAL) {
      break;
    }
  }
  return text.slice(0, MAX_REFUSAL);
}
