import { isObservable } from 'rxjs';
import { messageOf } from './error-text';
import { isRefusedPromise } from './is-promise-like';
import { quoted } from './printable';
import { quietPromises } from './quiet-promises';
import { SseFieldError } from './sse.error';

/** Most characters of a place in the data that a message names. */
const MAX_PLACE = 200;
/** Values that are deeper are not looked at. */
const MAX_DEPTH = 500;

/**
 * Data as JSON, on one line: `JSON.stringify` escapes every control character.
 *
 * What JSON cannot express is refused, also where `JSON.stringify` writes something else for it without a word: `{}` for a
 * promise, a `Map`, a `Set` or an `Error`, `null` for `NaN`, an object of numbers for bytes.
 *
 * @throws SseFieldError that names the place in the data and what is there.
 */
export function encodeJson(data: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    quietPromises(data);
    throw reasonIn(data) ?? new SseFieldError('data', `cannot be written as JSON: ${messageOf(cause)}`, { cause });
  }
  if (json !== undefined && isFlat(data)) {
    return json;
  }
  unwritten = json?.length ?? 0;
  isSuspicious = json === undefined || TRACES.some((trace) => json.includes(trace));
  if (json === undefined || !isExpressible(data, 0)) {
    quietPromises(data);
    refuse(data, []);
  }
  if (json === undefined) {
    throw new SseFieldError('data', 'cannot be written as JSON: its toJSON() gives undefined');
  }
  return json;
}

/** Whether data are an object of the commonest kind, with nothing to look for: 22 ns for three fields, of 400 that JSON takes. */
function isFlat(data: unknown): boolean {
  // Not by its constructor: iterators, for example, inherit that of plain objects.
  if (typeof data !== 'object' || data === null || Object.getPrototypeOf(data) !== Object.prototype) {
    return false;
  }
  for (const key in data) {
    const value: unknown = data[key as never];
    // A function may be `toJSON`, or `then`.
    if (typeof value !== 'string' && typeof value !== 'boolean' && !Number.isFinite(value)) {
      return false;
    }
  }
  return true;
}

/**
 * Characters of the JSON that no object looked at stands for yet; each has two at least. What `toJSON` leaves out may lead in
 * circles, and is not followed further than that.
 */
let unwritten = 0;

/** What JSON has in the place of what it cannot express. Without any of it, no `toJSON` need be called a second time. */
const TRACES = ['{}', 'null', '{"0":', '"Buffer"'];
let isSuspicious = false;

/** The data are a tree, for the most part: they have been written. */
function isExpressible(value: unknown, depth: number, isOutput = false): boolean {
  if (typeof value === 'object' && value !== null && (unwritten -= 2) < 0) {
    return true;
  }
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) {
    return typeof value === 'number'
      ? Number.isFinite(value)
      : typeof value !== 'function' && typeof value !== 'symbol';
  }
  if (Array.isArray(value)) {
    for (const item of value) {
      if (item === undefined || !isExpressible(item, depth + 1)) {
        return false;
      }
    }
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype && kindOf(value) !== undefined) {
    return false;
  }
  if (!isOutput && hasToJson(value)) {
    // Its output stands in its place.
    unwritten += 2;
    return !isSuspicious || value instanceof Date || isExpressible(outputOf(value), depth + 1, true);
  }
  // With inherited keys, which JSON has not: to ask for each whether it is one costs more than to look at a value too many.
  for (const key in value) {
    const member: unknown = value[key as never];
    if (typeof member === 'object' ? member !== null && !isExpressible(member, depth + 1) : isNotFinite(member)) {
      return false;
    }
    if (key === 'then' && typeof member === 'function') {
      // A promise of no class.
      return false;
    }
  }
  return true;
}

function isNotFinite(value: unknown): boolean {
  return typeof value === 'number' && !Number.isFinite(value);
}

function hasToJson(value: object): boolean {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}

/** Why data could not be written, where they hold a value that says it. */
function reasonIn(data: unknown): SseFieldError | undefined {
  try {
    refuse(data, []);
    return undefined;
  } catch (error) {
    // To look into the data may throw as well: a getter, a proxy.
    return error instanceof SseFieldError ? error : undefined;
  }
}

/** Finds the first value that cannot be expressed. */
function refuse(value: unknown, path: readonly string[], seen = new Set<unknown>(), isOutput = false): void {
  const kind = kindOf(value);
  if (kind !== undefined) {
    throw refusal(path, kind);
  }
  // The data may be a circle.
  if (typeof value !== 'object' || value === null || seen.has(value) || path.length > MAX_DEPTH) {
    return;
  }
  seen.add(value);
  if (Array.isArray(value)) {
    // Holes, too.
    value.forEach((item, index) => {
      if (item === undefined) {
        throw refusal([...path, String(index)], 'undefined, which JSON writes as null');
      }
      refuse(item, [...path, String(index)], seen);
    });
  } else if (!isOutput && hasToJson(value)) {
    seen.delete(value);
    refuse(outputOf(value), path, seen, true);
  } else {
    for (const [key, member] of Object.entries(value)) {
      if (['object', 'number', 'bigint'].includes(typeof member)) {
        refuse(member, [...path, key], seen);
      }
    }
  }
}

function refusal(path: readonly string[], kind: string): SseFieldError {
  return new SseFieldError(
    'data',
    path.length === 0 ? `is ${kind}` : `has at ${quoted(path.join('.'), MAX_PLACE)} ${kind}`,
  );
}

/** What a value is that JSON cannot express, or `undefined` for one that it can. */
function kindOf(value: unknown): string | undefined {
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : `${value}, which JSON cannot express`;
  }
  if (typeof value === 'bigint') {
    return 'toJSON' in BigInt.prototype ? undefined : 'a bigint, which JSON cannot express';
  }
  if (typeof value === 'function' || typeof value === 'symbol') {
    return `a ${typeof value}, which JSON cannot express`;
  }
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (tag === 'Date') {
    return Number.isNaN((value as Date).valueOf()) ? 'an invalid date' : undefined;
  }
  if (ArrayBuffer.isView(value) || tag.endsWith('ArrayBuffer')) {
    return `bytes (${value.constructor.name}). Send text, for example bytes.toString('base64')`;
  }
  if (tag === 'Number') {
    return kindOf(Number(value));
  }
  if (hasToJson(value)) {
    return undefined;
  }
  if (isRefusedPromise(value)) {
    return 'a promise. Is an "await" missing?';
  }
  if (isObservable(value)) {
    return 'an Observable. Return it from the handler, or yield its values';
  }
  if (Object.hasOwn(INEXPRESSIBLE, tag)) {
    return `${INEXPRESSIBLE[tag]}`;
  }
  if (value instanceof Error) {
    return INEXPRESSIBLE['Error'];
  }
  return isIterator(value) ? 'an iterator. Return it from the handler, or yield its values' : undefined;
}

/** Objects of the language and of the web in the place of which JSON has `{}`, by their tags: also those of another realm. */
const INEXPRESSIBLE: Readonly<Record<string, string>> = {
  Map: 'a Map, which JSON cannot express. Send Object.fromEntries(map), or [...map]',
  Set: 'a Set, which JSON cannot express. Send [...set]',
  Error: 'an Error, which JSON cannot express. Send its message, or throw it',
  DOMException: 'an Error, which JSON cannot express. Send its message, or throw it',
  RegExp: 'a RegExp, which JSON cannot express. Send its source',
  WeakMap: 'a WeakMap, which JSON cannot express',
  WeakSet: 'a WeakSet, which JSON cannot express',
  WeakRef: 'a WeakRef, which JSON cannot express',
  URLSearchParams: 'a URLSearchParams, which JSON cannot express. Send Object.fromEntries(it), or its text',
  Headers: 'a Headers, which JSON cannot express. Send Object.fromEntries(it)',
  FormData: 'a FormData, which JSON cannot express. Send Object.fromEntries(it)',
  Blob: 'a Blob, which JSON cannot express. Send its text',
  File: 'a File, which JSON cannot express. Send its text',
};

/** A class of the developer's may have a method `next()`, and is no iterator for that. */
function isIterator(value: object): boolean {
  return (
    Symbol.asyncIterator in value ||
    (typeof (value as Partial<Iterator<unknown>>).next === 'function' && Symbol.iterator in value)
  );
}

/** What a value writes in its place. */
function outputOf(value: object): unknown {
  try {
    return (value as { toJSON(key: string): unknown }).toJSON('');
  } catch {
    return null;
  }
}
