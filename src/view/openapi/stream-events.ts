import type { SseFormat } from '../../event/encode';
import { ERROR_EVENT } from '../../event/own-events';
import type { StreamOptions } from '../../stream/stream-options';
import type { StreamDescription } from './describe-stream';
import { documentedEnd, endEnvelope, ERROR_ENVELOPE } from './stream-end';
import { componentNameFrom, isAnyJson, referencedName, type SchemaObject } from './schema-object';

/**
 * Where a stream's media type keeps its events for `setupSseDocs`. `createDocument` copies symbols, and nothing that
 * writes a document out shows them.
 */
export const STREAM_EVENTS = Symbol('SSE_STREAM_EVENTS');

/** A kind of event of a stream. Plain data: documents are cloned. */
export interface StreamEvent {
  readonly name: string | undefined;
  readonly format: SseFormat;
  /** The schema of the data, in the form for OpenAPI 3.0 and 3.1. */
  readonly data: SchemaObject;
  /** The whole envelope, of an event that tells how the stream ended. */
  readonly envelope?: object | undefined;
  /** Names for the component of the envelope, the wanted one first. */
  readonly componentNames: readonly string[];
}

/** @param owner the name of what has none of its own. */
export function streamEvents({ events }: StreamDescription, options: StreamOptions, owner: string): StreamEvent[] {
  const { format } = options;
  const qualifier = componentNameFrom(owner) ?? 'Stream';
  const described = events.map(({ name, data: { schema } }) => {
    const wanted = componentNameOf(name, schema, format) ?? qualifier;
    return { name, format, data: schema, componentNames: componentNames(wanted, qualifier) };
  });
  return [...described, ...lastEvents(options, qualifier)];
}

/** The events that tell how the stream ended. */
function lastEvents(options: StreamOptions, qualifier: string): StreamEvent[] {
  const { format, onError } = options;
  const last = (name: string | undefined, componentName: string, envelope: object): StreamEvent => ({
    name,
    format,
    data: {},
    envelope,
    componentNames: componentNames(componentName, qualifier),
  });
  const end = documentedEnd(options);
  return [
    ...(end ? [last(end.name, 'End', endEnvelope(end))] : []),
    // What a function makes of an error is not known.
    ...(typeof onError === 'function' ? [] : [last(ERROR_EVENT, 'StreamError', ERROR_ENVELOPE)]),
  ];
}

function componentNames(wanted: string, qualifier: string): string[] {
  const componentName = wanted.endsWith('Event') ? wanted : `${wanted}Event`;
  return componentName.startsWith(qualifier) ? [componentName] : [componentName, `${qualifier}_${componentName}`];
}

function componentNameOf(name: string | undefined, data: SchemaObject, format: SseFormat): string | undefined {
  const byName = componentNameFrom(name);
  if (byName !== undefined) {
    return byName[0]!.toUpperCase() + byName.slice(1);
  }
  if (format === 'text') {
    return 'Text';
  }
  return data.$ref === undefined ? (isAnyJson(data) ? 'Json' : undefined) : referencedName(data.$ref);
}
