import { show } from '../event/printable';
import { SseConfigurationError } from '../event/sse.error';

/** The longest time that a timer of Node waits, in milliseconds. */
export const LONGEST_TIME = 2 ** 31 - 1;

/** @param options by their names. @throws SseConfigurationError for one that no timer can wait for. */
export function checkMilliseconds(owner: string, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value > 0 && value <= LONGEST_TIME)) {
      throw new SseConfigurationError(`${owner}: ${name} must be a number of milliseconds above 0, not ${show(value)}`);
    }
  }
}
