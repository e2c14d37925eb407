import { encodeUnder, END_OF_STREAM_ID, eventLine } from './encode';
import { END_EVENT } from './own-events';

/** The last event of a stream; see `SseRouteOptions.onEnd`. */
export interface SseEndEvent {
  /** Name of the event. @default 'end', and none where there is `data` or `raw` */
  readonly event?: string | undefined;
  /** Its data, written as JSON whatever the route's format is. @default none: the event has an empty `data:` line */
  readonly data?: unknown;
  /** Text in the place of data, `'[DONE]'` for example. */
  readonly raw?: string | undefined;
}

/**
 * The event that ends a stream. It has data, though they are empty: only Chromium takes the id of a frame without any, and the
 * others would start the stream again.
 */
export const END_FRAME = `event: ${END_EVENT}\nid: ${END_OF_STREAM_ID}\ndata:\n\n`;

/** For clients that do not say that they read event streams: they get nothing that is not the developer's. */
export const SILENT_END_FRAME = `id: ${END_OF_STREAM_ID}\n\n`;

/** The name of an end event of the developer's, where it has one. */
export function nameOfEnd({ event, data, raw }: SseEndEvent): string | undefined {
  return event ?? (data === undefined && raw === undefined ? END_EVENT : undefined);
}

/**
 * The frame of an end event of the developer's.
 *
 * @throws SseFieldError when it cannot be sent as it is.
 */
export function endFrame({ event, data, raw }: SseEndEvent): string {
  const hasData = data !== undefined || raw !== undefined;
  const name = nameOfEnd({ event, data, raw });
  const head = `${name === undefined ? '' : eventLine(name, END_EVENT)}id: ${END_OF_STREAM_ID}\n`;
  return hasData ? encodeUnder(head, { data, raw }, 'json') : `${head}data:\n\n`;
}
