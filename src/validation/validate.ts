import { messageOf } from '../event/error-text';
import type { SseIssue } from '../event/sse.error';

/** What a validation gives: the value to send, or what is wrong. */
export type ValidationResult = { readonly value: unknown; readonly issues?: undefined } | InvalidResult;

/** Why data cannot be sent. */
export interface InvalidResult {
  readonly issues: readonly SseIssue[];
  /** What the schema threw instead of an answer: it may be an error of the schema itself. */
  readonly cause?: unknown;
}

/**
 * Checks the data of one event. Synchronous where its schema is, so that nothing is waited for without need. It never throws
 * and never rejects: what a schema throws is an invalid result with that cause.
 */
export type Validate = (data: unknown, event: string | undefined) => ValidationResult | Promise<ValidationResult>;

/** The result of a schema that threw. */
export function thrownResult(what: string, cause: unknown, path: readonly PropertyKey[] = []): InvalidResult {
  return { issues: [{ path, message: `${what}: ${messageOf(cause)}` }], cause };
}
