import type { SseIssue } from '../event/sse.error';

/** What a validation gives: the value to send, or what is wrong. */
export type ValidationResult =
  { readonly value: unknown; readonly issues?: undefined } | { readonly issues: readonly SseIssue[] };

/** Checks the data of one event. Synchronous where its schema is, so that nothing is waited for without need. */
export type Validate = (data: unknown, event: string | undefined) => ValidationResult | Promise<ValidationResult>;
