/** Name of the event that tells a client its position. */
export const START_EVENT = 'start';
/** Name of the event that tells a client that it may have missed some. */
export const GAP_EVENT = 'gap';
/** Name of the event that ends a stream. */
export const END_EVENT = 'end';
/** Name of the event that tells a client of an error in an open stream. `error` would collide with EventSource's own. */
export const ERROR_EVENT = 'stream-error';

/** The names of the library's own events, with two that are kept for later. */
const OWN_EVENTS: ReadonlySet<string> = new Set([START_EVENT, GAP_EVENT, END_EVENT, ERROR_EVENT, 'snapshot', 'ping']);

/** Whether an event's name is one that only the library gives. */
export function isOwnEvent(name: string): boolean {
  return OWN_EVENTS.has(name) || name.startsWith('~');
}
