/** Data, and whether JSON can express them. */
export interface DataMeaning {
  readonly value: unknown;
  /** `maybe`: they may arrive or be refused, but as nothing else. */
  readonly isExpressible: 'yes' | 'no' | 'maybe';
  /** Their JSON, where that cannot be made of them without care. */
  readonly json?: string;
}

/** The fields of an event. What is absent is `undefined`. */
export interface FieldsMeaning {
  readonly event?: unknown;
  readonly data?: DataMeaning | undefined;
  readonly id?: unknown;
  readonly retry?: unknown;
  readonly comment?: unknown;
  readonly raw?: unknown;
}

/**
 * What a value is that a handler yields, as the one says who made it: nothing of the library's reading is used. `made` is what
 * `sseEvent()` makes, which has rules of its own.
 */
export type Meaning =
  | { readonly is: 'data'; readonly data: DataMeaning }
  | { readonly is: 'envelope' | 'made'; readonly fields: FieldsMeaning }
  /** A promise for what a pulled source gives; where a source pushes, it is data. */
  | { readonly is: 'promise'; readonly of: Meaning | undefined; readonly promised?: unknown }
  | { readonly is: 'impossible' };

/** A value to be yielded, and what it is. */
export interface Recipe {
  /** Makes it, once; throws where `sseEvent()` refuses it. */
  make(): unknown;
  readonly meaning: Meaning;
  /** Whether it holds a promise that fails and that nobody waits for. */
  readonly isUnwatched?: boolean;
}
