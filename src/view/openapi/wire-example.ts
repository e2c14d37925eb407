import { encodeMessage, type SseFormat } from '../../event/encode';
import type { StreamDescription } from './describe-stream';
import { exampleOf } from './example-value';

/** A named example of a response. */
export interface WireExample {
  readonly summary: string;
  /** The event as it is on the wire. */
  readonly value: string;
}

/**
 * An example of each event, by its name, as it is on the wire. An event of which nothing is known has none.
 *
 * @param id of the examples; `undefined` where the route may send none.
 */
export function wireExamples(
  { events }: StreamDescription,
  format: SseFormat,
  id: string | undefined,
): Record<string, WireExample> {
  const examples: Record<string, WireExample> = {};
  for (const { name, data } of events) {
    const example = exampleOf(data.schema, data.components);
    if (example !== undefined && (format === 'json' || typeof example === 'string')) {
      const value = encodeMessage({ type: name, id, data: example }, format);
      examples[name ?? 'event'] = { summary: name === undefined ? 'An event' : `event: ${name}`, value };
    }
  }
  return examples;
}
