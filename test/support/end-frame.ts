/**
 * How a finite stream ends, as bytes: for a client whose `Accept` names `text/event-stream`. It is written out here, and not
 * taken from the library, because it is a promise.
 */
export const END_FRAME = 'event: end\nid: ~end\ndata:\n\n';

/** For every other client: no event, so that a client that knows only the developer's events sees no foreign one. */
export const SILENT_END_FRAME = 'id: ~end\n\n';

/** What a stream sent before its end. Fails where the end is not the last frame, or is there twice. */
export function beforeEnd(body: string): string {
  const end = body.indexOf(END_FRAME);
  if (end < 0 || end !== body.length - END_FRAME.length) {
    throw new Error(
      `The body must end with the end of the stream, once. It ends with ${JSON.stringify(body.slice(-200))}`,
    );
  }
  return body.slice(0, end);
}
