import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { MODES, type Mode } from './mode';

export interface ChaosOptions {
  /** Length of each run, without what it takes to settle. */
  readonly seconds: number;
  readonly seed: number;
  readonly modes: readonly Mode[];
}

export const HELP = `Usage: npm run chaos -- [options]

Two instances, ten topics, forty clients that keep EventSource's rules, half of which drop all the time and come back at the
other instance, twenty publishers that repeat what was not acknowledged; three times Redis is killed, once an instance. Then
what each client received is compared with what was published. Needs redis-server 7, or another one named in REDIS_SERVER.

  --seconds N   length of each run (60)
  --seed N      what happens when; a run with the same seed has the same schedule (a random one, which is shown)
  --mode NAME   one run only: ${Object.keys(MODES).join(' or ')}
  --help        this text
`;

/** @throws when an option is unknown or makes no sense. */
export function readOptions(args: readonly string[]): ChaosOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string' },
      mode: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    return undefined;
  }
  const { mode } = values;
  if (mode !== undefined && !Object.hasOwn(MODES, mode)) {
    throw new Error(`--mode takes ${Object.keys(MODES).join(' or ')}`);
  }
  return {
    seconds: wholeNumber('--seconds', values.seconds ?? '60', 5, 3_600),
    seed: wholeNumber('--seed', values.seed ?? String(randomInt(2 ** 31)), 0, 2 ** 31 - 1),
    modes: mode === undefined ? (Object.keys(MODES) as Mode[]) : [mode as Mode],
  };
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
    throw new Error(`${name} takes a whole number from ${least} to ${most}`);
  }
  return value;
}
