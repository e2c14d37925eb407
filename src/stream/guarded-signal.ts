import { isPromiseLike } from '../event/is-promise-like';

type AbortListener = Parameters<AbortSignal['addEventListener']>[1];
type Listen = AbortSignal['addEventListener'];
type Forget = AbortSignal['removeEventListener'];

/** Where the errors of a signal's listeners go. */
const reporters = new WeakMap<object, (error: unknown) => void>();
/** What stands in the place of each listener: it is found again when that is taken away. */
const guards = new WeakMap<AbortListener, AbortListener>();

/**
 * A signal whose listeners may throw. Node makes an uncaught exception of what they throw, which would end the process: here
 * the others are called all the same, and the error is reported.
 *
 * It is an `AbortSignal` like any other, for `fetch` and whoever asks for one.
 */
export function guardedSignal(signal: AbortSignal, report: (error: unknown) => void): AbortSignal {
  reporters.set(signal, report);
  return Object.assign(signal, { addEventListener: listen, removeEventListener: forget });
}

const listen: Listen = function (this: AbortSignal, type, listener, options) {
  EventTarget.prototype.addEventListener.call(this, type, guardOf(listener), options);
};

const forget: Forget = function (this: AbortSignal, type, listener, options) {
  EventTarget.prototype.removeEventListener.call(this, type, guardOf(listener), options);
};

function guardOf(listener: AbortListener): AbortListener {
  if (typeof listener !== 'function' && typeof listener?.handleEvent !== 'function') {
    // Whatever it is, `EventTarget` has a rule for it.
    return listener;
  }
  let guard = guards.get(listener);
  if (!guard) {
    guard = function (this: object, event: Event): void {
      const report = reporters.get(this);
      try {
        const result: unknown =
          typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event);
        if (isPromiseLike(result)) {
          result.then(undefined, report);
        }
      } catch (error) {
        report?.(error);
      }
    };
    guards.set(listener, guard);
  }
  return guard;
}
