import { UNDEFINED } from './undefined-in-schema';
import type { JsonSchema } from './portable-keywords';

/* What `JSON.stringify` makes of values that are not JSON. */

/** A `Date` is sent as a string. */
export const DATE_AS_SENT = { type: 'string', format: 'date-time' } as const;

/** What a kind of value is in a document. */
export interface AsSent {
  readonly schema: JsonSchema;
  /** What the developer should know: what the value holds does not arrive. */
  readonly warning?: string | undefined;
}

const EMPTY: AsSent = { schema: { type: 'object', additionalProperties: false }, warning: 'is sent as {}' };
const OMITTED: AsSent = { schema: UNDEFINED, warning: 'is not sent' };

const KINDS: Readonly<Record<string, AsSent>> = {
  Date: { schema: DATE_AS_SENT },
  URL: { schema: { type: 'string', format: 'uri' } },
  // Objects that keep what they hold to themselves.
  ArrayBuffer: EMPTY,
  Blob: EMPTY,
  Error: EMPTY,
  File: EMPTY,
  Map: EMPTY,
  Promise: EMPTY,
  RegExp: EMPTY,
  Set: EMPTY,
  WeakMap: EMPTY,
  WeakSet: EMPTY,
  NaN: { schema: { type: 'null' }, warning: 'is sent as null' },
  Function: OMITTED,
  function: OMITTED,
  symbol: OMITTED,
  undefined: { schema: UNDEFINED },
  void: { schema: UNDEFINED },
};

/**
 * @param kind the name of a type, as `typeof` or its constructor gives it.
 * @returns `undefined` where it is not known what is sent.
 */
export function asSent(kind: string): AsSent | undefined {
  if (kind === 'bigint') {
    return bigintAsSent();
  }
  return Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
}

const TypedArray = Object.getPrototypeOf(Uint8Array) as new () => object;

/** A class's objects as they are sent: of those that JavaScript brings. */
export function classAsSent(model: Function): AsSent | undefined {
  const prototype = model.prototype as object;
  if (prototype instanceof TypedArray && !('toJSON' in prototype)) {
    return { schema: { type: 'object', additionalProperties: { type: 'number' } } };
  }
  return (globalThis as Record<string, unknown>)[model.name] === model ? asSent(model.name) : undefined;
}

/** What becomes of a value that is the only one that a schema accepts. */
export function valueAsSent(value: unknown): AsSent {
  const kind = Number.isNaN(value) ? 'NaN' : typeof value;
  const known = asSent(kind);
  if (!known || (kind === 'bigint' && known.warning === undefined)) {
    return { schema: { const: JSON.parse(JSON.stringify(value)) as unknown } };
  }
  return known;
}

/** `JSON.stringify` refuses a bigint, unless the application says what it becomes: `BigInt.prototype.toJSON`. */
function bigintAsSent(): AsSent {
  try {
    const sent: unknown = JSON.parse(JSON.stringify(1n));
    return { schema: typeof sent === 'string' || typeof sent === 'number' ? { type: typeof sent } : {} };
  } catch {
    return { schema: { not: {} }, warning: 'cannot be sent as JSON' };
  }
}
