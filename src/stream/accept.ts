/** A request, as far as it is read here: Node's own or a framework's. */
export interface HasAccept {
  readonly headers: { readonly accept?: string | string[] | undefined };
}

const EVENT_STREAM = 'text/event-stream';

/**
 * Whether the client is an `EventSource`: it accepts an event stream and nothing else. Chromium, Firefox and WebKit, and the
 * packages that take their place, all send exactly this. Such a client never returns after another status than 200, so it is
 * sent away with `retry`. A client that names any other type, or none, can read an error.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
 */
export function isEventSource(request: HasAccept): boolean {
  const accept = acceptOf(request);
  return accept === EVENT_STREAM || accept.trim().toLowerCase() === EVENT_STREAM;
}

/** Whether the client says that it reads an event stream, alone or among other types. A wildcard does not say so. */
export function acceptsEventStream(request: HasAccept): boolean {
  return acceptOf(request) === EVENT_STREAM || namesMediaType(request, EVENT_STREAM);
}

/**
 * Whether the request's `Accept` names a media type, whatever its parameters. With a weight of 0 it is refused, not named.
 *
 * @param type in lower case.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
 */
export function namesMediaType(request: HasAccept, type: string): boolean {
  return acceptOf(request)
    .split(',')
    .some((range) => {
      const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      return name === type && !parameters.some((parameter) => /^q\s*=\s*0(?:\.0*)?$/.test(parameter));
    });
}

function acceptOf({ headers: { accept } }: HasAccept): string {
  return Array.isArray(accept) ? accept.join() : (accept ?? '');
}
