import { encodeMessage, encodeOwnEvent } from '../../event/encode';
import { END_EVENT, isOwnEvent } from '../../event/own-events';
import type { EventId, StreamOptions } from '../../stream/stream-options';
import type { StreamDescription } from './describe-stream';
import { exampleOf } from './example-value';
import { documentedEnd } from './stream-end';

/** A named example of a response. */
export interface WireExample {
  readonly summary: string;
  /** The event as it is on the wire. */
  readonly value: string;
}

/**
 * An example of each event, by its name, as it is on the wire, that of the end last, which says nothing alone. An event of which nothing is known has
 * none.
 *
 * @param idOf gives the id of an example.
 */
export function wireExamples(
  { events }: StreamDescription,
  options: Pick<StreamOptions, 'format' | 'onEnd'>,
  idOf: EventId,
): Record<string, WireExample> {
  const { format } = options;
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
  const end = documentedEnd(options);
  if (end && Object.keys(examples).length > 0) {
    examples[end.name ?? END_EVENT] ??= {
      summary: end.name === undefined ? 'The end' : `event: ${end.name} (the end)`,
      value: end.frame,
    };
  }
  return examples;
}
