import { isNativeError } from 'node:util/types';
import { printable, show } from './printable';

/** Most characters of an error's message that are shown with its stack. */
const MAX_MESSAGE = 2_000;
/** Most lines of a stack that are shown. */
const MAX_FRAMES = 20;
/** Most characters of such a line. */
const MAX_FRAME = 300;
/** How many causes of causes are shown. */
const MAX_DEPTH = 5;
/** Most parts of one error that are shown: those of an `AggregateError`. */
const MAX_PARTS = 5;
/** Most characters of the whole text. */
const MAX_TEXT = 16_000;

/** What an error is, whoever threw it. Each part is a text, and is read once. */
interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly stack: string;
}

/**
 * The text of whatever was thrown, for the log: name, message and stack, then those of its causes and parts. Bounded in
 * every direction. Lines of a message do not begin where lines of the log do, and hold nothing that a terminal obeys.
 *
 * Properties of the error's own are not shown: a client's error, for example, often carries the credentials of its request.
 */
export function errorText(error: unknown): string {
  const lines = new Lines();
  describe(error, { prefix: '', indent: '', depth: 0, frames: [] }, new Set(), lines);
  return lines.text;
}

/** Name and message of whatever was thrown, on one short line. */
export function errorLine(error: unknown): string {
  const parts = partsOf(error);
  return parts ? printable(onOneLine(headOf(parts)), 200) : `Not an Error: ${show(error)}`;
}

/** The message of whatever was thrown, printable and on one line; where it has none, whatever tells most. */
export function messageOf(error: unknown, max?: number): string {
  const parts = partsOf(error);
  // Node's error of a host with several addresses has a code and no message.
  const message = parts && (parts.message || parts.code || parts.name);
  return message === undefined ? show(error) : printable(onOneLine(message), max);
}

/** What equal errors have in common, their messages aside: those may name what a client sent. */
export function errorKind(error: unknown): string {
  const parts = partsOf(error);
  return parts ? `${parts.name} ${parts.code ?? ''} ${framesOf(parts, 1).join('')}` : typeof error;
}

interface Place {
  readonly prefix: string;
  readonly indent: string;
  readonly depth: number;
  /** The stack of the error that this one is a cause or a part of. */
  readonly frames: readonly string[];
}

function describe(error: unknown, place: Place, seen: Set<unknown>, lines: Lines): void {
  const { prefix, indent, depth } = place;
  const begin = `${indent}${prefix}`;
  const parts = partsOf(error);
  if (!parts) {
    lines.add(`${begin}Not an Error: ${show(error, MAX_MESSAGE)}`);
    return;
  }
  if (seen.has(error)) {
    lines.add(`${begin}${errorLine(error)} (see above)`);
    return;
  }
  seen.add(error);
  const [first, ...others] = linesOf(headOf(parts));
  lines.add(`${begin}${first}`, ...others.map((line) => `${indent}    | ${line}`));
  const frames = framesOf(parts, MAX_FRAMES);
  lines.add(...withoutShared(frames, place.frames).map((frame) => `${indent}    ${frame}`));
  const more = [...partErrors(error), ...causeOf(error)];
  if (more.length > 0 && depth === MAX_DEPTH) {
    lines.add(`${indent}  … (causes of this cause are left out)`);
    return;
  }
  for (const [nested, role] of more) {
    describe(nested, { prefix: role, indent: `${indent}  `, depth: depth + 1, frames }, seen, lines);
  }
}

type Nested = readonly [error: unknown, role: string];

function causeOf(error: unknown): Nested[] {
  const cause = read(error, 'cause');
  return cause === undefined ? [] : [[cause, 'Caused by: ']];
}

function partErrors(error: unknown): Nested[] {
  const errors = read(error, 'errors');
  const count = read(errors, 'length');
  if (!isArray(errors) || typeof count !== 'number') {
    return [];
  }
  return Array.from({ length: Math.min(count, MAX_PARTS) }, (_, index) => [
    read(errors, index),
    `Part ${index + 1} of ${count}: `,
  ]);
}

function headOf({ name, message, code }: ErrorParts): string {
  const label = message === '' ? name : `${name}: ${message}`;
  return code === undefined || message.includes(code) ? label : `${label} (code ${code})`;
}

function onOneLine(text: string): string {
  return text.replace(/\r?\n\s*/g, ' ');
}

/** The lines of a message: those after the first are marked by whoever shows them. */
function linesOf(text: string): string[] {
  const shown = text.slice(0, MAX_MESSAGE);
  const lines = shown.split(/\r?\n/).map((line) => printable(line, MAX_MESSAGE));
  const left = text.length - shown.length;
  return left === 0 ? lines : [...lines, `… (${left} more characters)`];
}

/** The first calls of a stack, without the message before them, which might look like some. */
function framesOf({ stack, message }: ErrorParts, count: number): string[] {
  const at = stack.indexOf(message);
  return stack
    .slice(at < 0 ? 0 : at + message.length)
    .split('\n', MAX_FRAMES * 2)
    .filter((line) => /^ +at /.test(line))
    .slice(0, count)
    .map((line) => printable(line.trim(), MAX_FRAME));
}

/** The frames of a cause without those that it shares with the error above it. */
function withoutShared(frames: readonly string[], above: readonly string[]): readonly string[] {
  let shared = 0;
  while (shared < Math.min(frames.length, above.length) && frames.at(-1 - shared) === above.at(-1 - shared)) {
    shared++;
  }
  return shared < 2 ? frames : [...frames.slice(0, frames.length - shared), `… (${shared} more, as above)`];
}

/** `undefined` where it is no error. One of another realm, a test's for example, is one. */
function partsOf(error: unknown): ErrorParts | undefined {
  if (typeof error !== 'object' || error === null) {
    return undefined;
  }
  const message = read(error, 'message');
  const stack = read(error, 'stack');
  if (!isError(error) && (typeof message !== 'string' || typeof stack !== 'string')) {
    return undefined;
  }
  const code = read(error, 'code');
  return {
    name: nameOf(error),
    message: typeof message === 'string' ? message : 'its message cannot be read',
    code: typeof code === 'string' && code !== '' ? printable(code, 100) : undefined,
    stack: typeof stack === 'string' ? stack : '',
  };
}

/** The name of the class tells more than `Error`, which is what a subclass is called that says nothing. */
function nameOf(error: object): string {
  const name = read(error, 'name');
  const className = read(read(error, 'constructor'), 'name');
  const best = typeof name === 'string' && name !== '' && name !== 'Error' ? name : className;
  return typeof best === 'string' && best !== '' ? printable(best, 100) : 'Error';
}

// A proxy may refuse to say what it is.
function isError(value: object): boolean {
  try {
    return isNativeError(value) || value instanceof Error;
  } catch {
    return false;
  }
}

function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Reads a property that may be a getter which throws. */
function read(value: unknown, key: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  } catch {
    return undefined;
  }
}

/** Lines up to a bound of all characters. */
class Lines {
  private readonly lines: string[] = [];
  private left = MAX_TEXT;

  get text(): string {
    return this.lines.join('\n');
  }

  add(...lines: readonly string[]): void {
    for (const line of lines) {
      if (this.left > 0) {
        this.left -= line.length;
        this.lines.push(this.left > 0 ? line : '… (the rest is left out)');
      }
    }
  }
}
