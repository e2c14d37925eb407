/**
 * Whether data look like Nest's own event, as `@Sse()` takes it: `{ type, data }`. Here that is data like any other, which is
 * rarely what was meant.
 */
export function isLikeNestMessage(data: unknown): boolean {
  try {
    const { type, data: content } = (data ?? {}) as { readonly type?: unknown; readonly data?: unknown };
    return type !== undefined && content !== undefined && typeof data === 'object';
  } catch {
    // A proxy may throw. What it is shows when it is written.
    return false;
  }
}

/** Whether a schema took the name away from data that look like Nest's own event: then it was no part of a row. */
export function lostNestName(data: unknown, output: unknown): boolean {
  return isLikeNestMessage(data) && !(typeof output === 'object' && output !== null && 'type' in output);
}

/** What to do about it. */
export const NEST_MESSAGE_HINT =
  'objects with the keys "type" and "data" as data. If "type" is the event\'s name, as with @Sse(), call it "event": ' +
  '{ event, data }. If it is data, put it into an envelope: { data: value }';
