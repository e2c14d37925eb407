import { Observable, type OperatorFunction } from 'rxjs';
import { isPromiseLike } from '../event/is-promise-like';
import { SseOverflowError, SseValidationError } from '../event/sse.error';
import { EncodedMessage } from '../event/encoded-message';
import type { SseEvent, SseMessage } from '../event/sse-event';
import { toMessage, type NameOfData } from '../event/to-message';
import type { Validate, ValidationResult } from '../validation/validate';
import type { Demand } from './demand';

/**
 * What happens to an event whose data do not fit: `'error'` ends the stream with an error event, `'drop'` logs it and
 * goes on, a function decides: what it returns is sent in the event's place (without a further validation), `undefined`
 * drops it, and what it throws ends the stream.
 */
export type OnInvalid =
  'error' | 'drop' | ((error: SseValidationError, event: SseMessage) => SseEvent | undefined | void);

/** What `validated` needs to know of its stream. */
export interface ValidatedOptions {
  readonly validate: Validate;
  readonly nameOfData: NameOfData | undefined;
  readonly onInvalid: OnInvalid;
  readonly demand: Demand;
  /** Most events that may wait for an asynchronous validation; only pushed sources can get there. */
  readonly maxWaiting: number;
  readonly onDropped: (error: SseValidationError) => void;
}

/**
 * Makes messages of what was yielded, with the schema's output in the place of their data, in order. Synchronous validations pass at once; while an
 * asynchronous one is under way, a pulled source waits and what a pushed one gives is queued.
 */
export function validated(options: ValidatedOptions): OperatorFunction<unknown, SseMessage> {
  const { validate, nameOfData, onInvalid, demand, maxWaiting, onDropped } = options;

  return (values$) =>
    new Observable((subscriber) => {
      let waiting: SseMessage[] = [];
      let first = 0;
      let busy = false;
      let draining = false;
      // How the source ended while events still waited: they go first.
      let finish: (() => void) | undefined;

      const settle = (message: SseMessage, result: ValidationResult): void => {
        if (!result.issues) {
          message.data = result.value;
          subscriber.next(message);
          return;
        }
        const error = new SseValidationError(result.issues, message.type);
        if (onInvalid === 'error') {
          throw error;
        }
        if (onInvalid === 'drop') {
          onDropped(error);
          return;
        }
        const replacement = onInvalid(error, message);
        if (replacement === undefined) {
          onDropped(error);
        } else {
          subscriber.next(toMessage(replacement));
        }
      };

      // While what waited goes on, what comes meanwhile waits behind it.
      const proceed = (): void => {
        busy = false;
        demand.release();
        draining = true;
        while (first < waiting.length && !subscriber.closed) {
          accept(waiting[first++]!);
          if (busy) {
            break;
          }
        }
        draining = false;
        // Not at each event: that would copy a long queue again and again.
        if (first * 2 >= waiting.length) {
          waiting = waiting.slice(first);
          first = 0;
        }
        if (!busy) {
          finish?.();
        }
      };

      const accept = (message: SseMessage): void => {
        if (message.data === undefined || message instanceof EncodedMessage) {
          subscriber.next(message);
          return;
        }
        try {
          const result = validate(message.data, message.type);
          if (!isPromiseLike(result)) {
            settle(message, result);
            return;
          }
          busy = true;
          demand.hold();
          result
            .then((outcome) => {
              if (!subscriber.closed) {
                settle(message, outcome);
                proceed();
              }
            })
            .catch((error: unknown) => subscriber.error(error));
        } catch (error) {
          subscriber.error(error);
        }
      };

      const end = (how: () => void): void => {
        finish ??= how;
        if (!busy && !draining) {
          finish();
        }
      };
      const fail = (error: unknown): void => end(() => subscriber.error(error));

      return values$.subscribe({
        next: (value) => {
          if (finish) {
            // A value before this one ended the stream, as soon as what waits is through.
            return;
          }
          let message: SseMessage;
          try {
            message = toMessage(value, nameOfData);
          } catch (error) {
            fail(error);
            return;
          }
          if (!busy && !draining) {
            accept(message);
          } else if (waiting.length - first < maxWaiting) {
            waiting.push(message);
          } else {
            subscriber.error(
              new SseOverflowError(`${maxWaiting} events wait for their validation; the source gives them faster`),
            );
          }
        },
        error: fail,
        complete: () => end(() => subscriber.complete()),
      });
    });
}
