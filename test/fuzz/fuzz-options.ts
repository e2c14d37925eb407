import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export interface FuzzCommand {
  readonly events: number;
  readonly seed: number;
  readonly only: number | undefined;
}

export const HELP = `Usage: npm run fuzz -- [options]

Yields and publishes random values through real applications, on Express and Fastify in turn: envelopes and what looks like
them, rows with the keys of envelopes, events of every form, texts with line breaks, NUL and lone surrogates in every field,
values that JSON cannot express, getters that throw, deep and huge ones; through routes with random options, and through
channels. What arrives is read as a browser reads it, and compared with a model that was written from the rules alone. Ends
with 1 where anything was injected, lost without a report, refused without a reason, or where an error left its stream.

  --events N    how many values (100000)
  --seed N      which ones; a run with the same seed yields the same (a random one, which is shown)
  --case N      that case of the run alone
  --help        this text
`;

/** @throws when an option is unknown or makes no sense. */
export function readOptions(args: readonly string[]): FuzzCommand | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: 'string' },
      seed: { type: 'string' },
      case: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    return undefined;
  }
  return {
    events: wholeNumber('--events', values.events ?? '100000', 1, 1_000_000_000),
    seed: wholeNumber('--seed', values.seed ?? String(randomInt(2 ** 31)), 0, 2 ** 31 - 1),
    only: values.case === undefined ? undefined : wholeNumber('--case', values.case, 0, 1_000_000_000),
  };
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
    throw new Error(`${name} takes a whole number from ${least} to ${most}`);
  }
  return value;
}
