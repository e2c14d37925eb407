import { refusePromise } from '../event/refuse-promise';
import type { SseEvent, SseMessage } from '../event/sse-event';
import type { SseValidationError } from '../event/sse.error';
import { toMessage } from '../event/to-message';

/**
 * What happens to an event whose data do not fit: `'error'` ends the stream with an error event, `'drop'` leaves it
 * out, counts it (`SseConnections.counts.dropped`), logs the first ones of each minute and goes on, a function decides: what it returns is sent in the event's place (without a further validation), `undefined`
 * drops it, and what it throws ends the stream. It answers at once: a promise is an error.
 */
export type OnInvalid =
  'error' | 'drop' | ((error: SseValidationError, event: SseMessage) => SseEvent | undefined | void);

/**
 * What is sent in the place of an event whose data are invalid; `undefined` for nothing.
 *
 * @throws what ends the stream: the error itself where the policy says so, and what the developer's function throws.
 */
export function replacementOf(
  error: SseValidationError,
  message: SseMessage,
  onInvalid: OnInvalid,
): SseMessage | undefined {
  if (onInvalid === 'error') {
    throw error;
  }
  const replacement = onInvalid === 'drop' ? undefined : onInvalid(error, message);
  refusePromise(replacement, 'onInvalid()');
  return replacement === undefined ? undefined : toMessage(replacement);
}
