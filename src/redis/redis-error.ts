import { SseOutcomeUnknownError, SseUnavailableError } from '../channel/backplane.error';
import { messageOf } from '../event/error-text';

/** How Redis' own errors begin; those of sockets and of the client do not. */
const REPLY = /^[A-Z][A-Z0-9_]{2,}( |$)/;
/** What Redis answers while it cannot serve, though it will again, here or where the address leads next time. */
const TEMPORARY = /^(BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|READONLY|TRYAGAIN) /;
/** What it answers to whoever may not do this. */
const REFUSAL = /^(NOAUTH|NOPERM|WRONGPASS|ERR AUTH) /;

/** The answer as it came, to tell its kind. What is shown of it is `messageOf`. */
const answerOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Whether Redis itself has answered so: then it has not written anything. */
export function isReply(error: unknown): boolean {
  return REPLY.test(answerOf(error));
}

/** Whether another connection, or a later one, may have more luck. */
export function isTemporary(error: unknown): boolean {
  return TEMPORARY.test(answerOf(error));
}

/** Whether it is a matter of credentials: to try again leads nowhere. */
export function isRefusal(error: unknown): boolean {
  return REFUSAL.test(answerOf(error));
}

export function isUnknownScript(error: unknown): boolean {
  return answerOf(error).startsWith('NOSCRIPT');
}

/** Whether keys are not in one place of a cluster. */
export function isCrossSlot(error: unknown): boolean {
  return answerOf(error).startsWith('CROSSSLOT');
}

export function unavailable(cause: unknown): SseUnavailableError {
  if (cause instanceof SseUnavailableError) {
    return cause;
  }
  const does = isReply(cause) ? 'refuses' : 'cannot be reached';
  return new SseUnavailableError(cause === undefined ? `Redis ${does}` : `Redis ${does}: ${messageOf(cause)}`, {
    cause,
  });
}

export function outcomeUnknown(cause: unknown): SseOutcomeUnknownError {
  return new SseOutcomeUnknownError(
    `Redis did not answer: ${messageOf(cause)}. The event may have been written; to publish it again with the same key is safe`,
    { cause },
  );
}
