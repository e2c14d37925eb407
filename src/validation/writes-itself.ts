/** An object that decides what `JSON.stringify` writes of it: an ObjectId, a `DateTime`, a `Decimal`, a `URL`. */
export interface WritesItself {
  toJSON(): unknown;
}

/** Whether an object has a `toJSON` of its own. So have dates and buffers, which class-transformer knows. */
export function writesItself(value: object): value is WritesItself {
  return (
    typeof (value as Partial<WritesItself>).toJSON === 'function' &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  );
}
