import { encodeMessage, encodeOwnEvent, type SseFormat } from '../../event/encode';
import { isOwnEvent } from '../../event/own-events';
import type { EventId } from '../../stream/stream-options';
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
 * @param idOf gives the id of an example.
 */
export function wireExamples(
  { events }: StreamDescription,
  format: SseFormat,
  idOf: EventId,
): Record<string, WireExample> {
  const examples: Record<string, WireExample> = {};
  for (const { name, data } of events) {
    const example = exampleOf(data.schema, data.components);
    if (example !== undefined && (format === 'json' || typeof example === 'string')) {
      const id = idOf({ event: name, data: example })?.toString();
      const value =
        name !== undefined && isOwnEvent(name)
          ? encodeOwnEvent({ event: name, id, data: example })
          : encodeMessage({ event: name, id, data: example }, format);
      examples[name ?? 'event'] = { summary: name === undefined ? 'An event' : `event: ${name}`, value };
    }
  }
  return examples;
}
