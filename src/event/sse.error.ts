import { printable, quoted, show } from './printable';

/**
 * Base of every error that the library throws. Each subclass has a literal `code`, to tell them apart without
 * `instanceof` across copies of the package.
 */
export abstract class SseError extends Error {
  /** A stable, literal name of the fault. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The fields of an event that have rules of their own on the wire. */
export type SseField = 'comment' | 'data' | 'event' | 'id' | 'raw' | 'retry';

/**
 * A field of an event cannot be sent as it is: a line break in an id, a retry that is no integer, data that JSON cannot
 * express. Fields are never altered silently.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class SseFieldError extends SseError {
  readonly code = 'SSE_INVALID_FIELD';

  constructor(
    /** The field at fault. */
    readonly field: SseField,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`The event's ${field} ${reason}`, options);
  }
}

/** One finding of a validation, in the shape of a Standard Schema issue. */
export interface SseIssue {
  /** What is wrong, for a person. */
  readonly message: string;
  /** Where in the data; empty for the data as a whole. */
  readonly path: readonly PropertyKey[];
}

/** Most findings that a message names. */
const MAX_FINDINGS = 10;
/** Most characters of them, after which no other is begun. */
const MAX_FINDINGS_LENGTH = 1_000;
/** Most characters of one finding, and most steps of its path. */
const MAX_FINDING = 300;
const MAX_STEPS = 10;

/** Both parts of an issue often hold what a client sent: its text, and the keys of its data. */
function findings(issues: readonly SseIssue[]): string {
  let text = '';
  let count = 0;
  for (const { path, message } of issues) {
    if (count === MAX_FINDINGS || text.length > MAX_FINDINGS_LENGTH) {
      return `${text}; and ${issues.length - count} more`;
    }
    const where = path.length > 0 ? `${place(path)}: ` : '';
    text += `${count === 0 ? '' : '; '}${where}${printable(String(message), MAX_FINDING)}`;
    count++;
  }
  return text;
}

/** A path as `items.0.price`; a key that is no plain name is put in quotation marks. */
function place(path: readonly PropertyKey[]): string {
  const steps = path.slice(0, MAX_STEPS).map((key) => {
    const name = String(key);
    return /^[\w$-]{1,64}$/.test(name) ? name : quoted(name);
  });
  return path.length > MAX_STEPS ? `${steps.join('.')}.…` : steps.join('.');
}

/** The data of an event do not fit the route's `responseSchema`. */
export class SseValidationError extends SseError {
  readonly code = 'SSE_INVALID_DATA';

  constructor(
    /** Every finding, at least one. */
    readonly issues: readonly SseIssue[],
    /** Name of the event, where it has one. */
    readonly event?: string,
    /** With the `cause` where the schema threw an error instead of an answer. */
    options?: ErrorOptions,
  ) {
    // What did not pass the validation may be anything, the name included.
    const name = event === undefined ? 'an event' : `event ${show(event)}`;
    super(`The data of ${name} do not fit the response schema: ${findings(issues)}`, options);
  }
}

/** An asynchronous schema did not answer within `validationTimeout`. The event is not sent. */
export class SseValidationTimeoutError extends SseError {
  readonly code = 'SSE_VALIDATION_TIMEOUT';

  constructor(
    /** Milliseconds that it had. */
    readonly timeout: number,
  ) {
    super(`The schema has not answered within ${timeout} ms (validationTimeout). The event is not sent`);
  }
}

/** A handler returned something that is no stream. */
export class SseSourceError extends SseError {
  readonly code = 'SSE_INVALID_SOURCE';
}

/** Options or decorators that cannot work, found when the application starts; those of a call, such as `subscribe()`, at the call. */
export class SseConfigurationError extends SseError {
  readonly code = 'SSE_INVALID_CONFIGURATION';
}

/** The application has a stream and does not import `SseModule`. */
export class SseModuleMissingError extends SseError {
  readonly code = 'SSE_MODULE_MISSING';

  constructor() {
    super(
      'The application streams events, but SseModule is not imported. ' +
        'Add SseModule.forRoot() to the imports of the root module: @Module({ imports: [SseModule.forRoot()] })',
    );
  }
}

/** An optional package is needed by what the application uses, and is not installed. */
export class SsePackageMissingError extends SseError {
  readonly code = 'SSE_PACKAGE_MISSING';

  constructor(
    /** The names to install. */
    readonly packages: readonly string[],
    /** What needs them. */
    feature: string,
    options?: ErrorOptions,
  ) {
    super(`${feature} needs ${packages.join(' and ')}. Install with: npm install ${packages.join(' ')}`, options);
  }
}

/** A client did not read: its pushed events went over `overflow.maxBytes`, or a write was blocked for `overflow.timeout`. */
export class SseOverflowError extends SseError {
  readonly code = 'SSE_OVERFLOW';
}
