import { setTimeout as sleep } from 'node:timers/promises';
import { TickModel, type Tick } from './tick';

/** Stands once in each event, in nothing else, and takes one byte: clients count events by it. */
export const MARKER = '~';

/** An event as views and Nest's `@Sse` take it. */
export interface SourceEvent {
  readonly data: object;
}

/** Which source a stream has. */
export type SourceChoice =
  /** So many small events, as fast as they are taken. */
  | { readonly kind: 'ticks'; readonly events: number; readonly instances: boolean }
  /** One event, and then nothing. */
  | { readonly kind: 'hello' }
  /** Events of 4 KiB. */
  | { readonly kind: 'bulk'; readonly megabytes: number }
  /** Small events for as long, as fast as they are taken. */
  | { readonly kind: 'flood'; readonly milliseconds: number };

/** Bytes of bulk events made so far. */
export let producedBytes = 0;

const BULK_BYTES = 4_096;

/** An event of about so many bytes. */
export function textOf(bytes: number): object {
  return { text: `${'x'.repeat(Math.max(0, bytes - 22))}${MARKER}` };
}

/** One bulk event. */
export function bulkEvent(): object {
  producedBytes += BULK_BYTES;
  return textOf(BULK_BYTES);
}

/** A generator as applications write them. */
export function sourceOf(choice: SourceChoice, signal: AbortSignal): AsyncGenerator<SourceEvent> {
  switch (choice.kind) {
    case 'ticks':
      return choice.instances ? instances(choice.events) : ticks(choice.events);
    case 'hello':
      return hello(signal);
    case 'bulk':
      return bulk(choice.megabytes);
    case 'flood':
      return flood(choice.milliseconds);
  }
}

/** The nth small event's data. */
export function tick(n: number): Tick {
  return { symbol: `ACME${MARKER}`, price: 100 + (n % 1_000) / 8, at: 1_700_000_000_000 + n };
}

async function* ticks(events: number): AsyncGenerator<SourceEvent> {
  for (let n = 0; n < events; n++) {
    yield { data: tick(n) };
  }
}

async function* instances(events: number): AsyncGenerator<SourceEvent> {
  for (let n = 0; n < events; n++) {
    const data = new TickModel();
    data.symbol = `ACME${MARKER}`;
    data.price = 100 + (n % 1_000) / 8;
    data.at = 1_700_000_000_000 + n;
    yield { data };
  }
}

async function* hello(signal: AbortSignal): AsyncGenerator<SourceEvent> {
  yield { data: tick(0) };
  // The longest that a timer takes; the signal ends it.
  await sleep(2 ** 31 - 1, undefined, { signal, ref: false }).catch(() => undefined);
}

async function* bulk(megabytes: number): AsyncGenerator<SourceEvent> {
  for (let left = (megabytes * 1_048_576) / BULK_BYTES; left > 0; left--) {
    yield { data: bulkEvent() };
  }
}

async function* flood(milliseconds: number): AsyncGenerator<SourceEvent> {
  const end = performance.now() + milliseconds;
  for (let n = 0; n % 64 !== 0 || performance.now() < end; n++) {
    yield { data: tick(n) };
  }
}
