/** Marks a payload that is stored as JSON: PostgreSQL's `text` can hold every character but NUL. */
const MARK = '\u0001';

/** A payload as it is stored. */
export function storedPayload(payload: string): string {
  return payload.includes('\0') || payload.startsWith(MARK) ? MARK + JSON.stringify(payload) : payload;
}

/** What `storedPayload()` was given. */
export function payloadOf(stored: string): string {
  return stored.startsWith(MARK) ? (JSON.parse(stored.slice(1)) as string) : stored;
}
