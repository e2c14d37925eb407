import { isObservable } from 'rxjs';
import { isPromiseLike } from './is-promise-like';
import { SseFieldError } from './sse.error';

/**
 * Data as JSON, on one line: `JSON.stringify` escapes every control character.
 *
 * What JSON cannot express is refused, also where `JSON.stringify` writes something else for it without a word: `{}` for a
 * promise, a `Map`, a `Set` or an `Error`, `null` for `NaN`, an object of numbers for bytes.
 *
 * @throws SseFieldError that names the place in the data and what is there.
 */
export function encodeJson(data: unknown): string {
  if (typeof data === 'object' && data !== null) {
    refuse(data, '');
  }
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw new SseFieldError('data', `cannot be written as JSON: ${(cause as Error).message}`, { cause });
  }
  if (json === undefined) {
    throw new SseFieldError('data', `cannot be written as JSON: it is ${kindOf(data) ?? `a ${typeof data}`}`);
  }
  // To look at every value would cost as much as writing them. What is written in their place can be found in the text.
  if (json.includes('{}') || json.includes('null') || json.includes('{"0":') || json.includes('"Buffer"')) {
    search(data, [], new Set());
  }
  return json;
}

/** Deeper values are not looked at. */
const MAX_DEPTH = 500;

/** Looks for values in the place of which JSON has something else. The data are a tree: they have been written. */
function search(value: unknown, path: readonly string[], parents: Set<object>): void {
  if (typeof value !== 'object' || value === null) {
    refuse(value, path.join('.'));
    return;
  }
  refuse(value, path.join('.'));
  // What `toJSON` writes in its place is its own affair; there may be a circle in what it replaces.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function' || parents.has(value) || path.length > MAX_DEPTH) {
    return;
  }
  parents.add(value);
  for (const [key, member] of Object.entries(value)) {
    if (typeof member === 'object' || typeof member === 'number' || Array.isArray(value)) {
      search(member, [...path, key], parents);
    }
  }
  parents.delete(value);
}

function refuse(value: unknown, place: string): void {
  const kind = kindOf(value);
  if (kind !== undefined) {
    const where = place === '' ? 'is' : `has at ${JSON.stringify(place.slice(0, 200))}`;
    throw new SseFieldError('data', `${where} ${kind}`);
  }
}

/** What a value is that JSON cannot express, or `undefined` for one that it can. */
function kindOf(value: unknown): string | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : `${value}, which JSON cannot express`;
  }
  if (typeof value === 'function' || typeof value === 'symbol') {
    return `a ${typeof value}, which JSON cannot express`;
  }
  if (typeof value !== 'object' || value === null || isPlain(value)) {
    return undefined;
  }
  if (value instanceof Date) {
    return Number.isNaN(value.valueOf()) ? 'an invalid date' : undefined;
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return `bytes (${value.constructor.name}). Send text, for example bytes.toString('base64')`;
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    return undefined;
  }
  if (isPromiseLike(value)) {
    return 'a promise. Is an "await" missing?';
  }
  if (isObservable(value)) {
    return 'an Observable. Return it from the handler, or yield its values';
  }
  if (value instanceof Map) {
    return 'a Map, which JSON cannot express. Send Object.fromEntries(map), or [...map]';
  }
  if (value instanceof Set) {
    return 'a Set, which JSON cannot express. Send [...set]';
  }
  if (value instanceof Error) {
    return 'an Error, which JSON cannot express. Send its message, or throw it';
  }
  if (value instanceof WeakMap || value instanceof WeakSet || value instanceof RegExp) {
    return `a ${value.constructor.name}, which JSON cannot express`;
  }
  if (Symbol.asyncIterator in value || typeof (value as Partial<Iterator<unknown>>).next === 'function') {
    return 'an iterator. Return it from the handler, or yield its values';
  }
  return undefined;
}

/** The commonest values by far. A promise of no class is `then` on a plain object: rare, and looked for in its JSON. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype;
}
