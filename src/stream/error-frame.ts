import { encodeUnder, eventLine, retryFrame } from '../event/encode';
import { ERROR_EVENT } from '../event/own-events';
import { refusePromise } from '../event/refuse-promise';
import { toMessage } from '../event/to-message';

/**
 * The frame of what a developer's `onError` made of an error; `stream-error` may be its name, too.
 *
 * @param retry milliseconds that the client shall wait, where the event says nothing else.
 * @throws SseSourceError, SseFieldError when it cannot be sent.
 */
export function errorFrame(made: unknown, retry: number): string {
  if (made === undefined) {
    return retryFrame(retry);
  }
  refusePromise(made, 'onError()');
  const message = toMessage(made);
  const head = message.event === undefined ? '' : eventLine(message.event, ERROR_EVENT);
  return encodeUnder(head, { ...message, retry: message.retry ?? retry }, 'json');
}
