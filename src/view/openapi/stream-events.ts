import type { SseFormat } from '../../event/encode';
import type { StreamDescription } from './describe-stream';
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
  /** Names for the component of the envelope, the wanted one first. */
  readonly componentNames: readonly string[];
}

/** @param owner the name of what has none of its own. */
export function streamEvents({ events }: StreamDescription, format: SseFormat, owner: string): StreamEvent[] {
  const qualifier = componentNameFrom(owner) ?? 'Stream';
  return events.map(({ name, data: { schema } }) => {
    const wanted = componentNameOf(name, schema, format) ?? qualifier;
    const componentName = wanted.endsWith('Event') ? wanted : `${wanted}Event`;
    const ofOwner = componentName.startsWith(qualifier) ? [] : [`${qualifier}_${componentName}`];
    return { name, format, data: schema, componentNames: [componentName, ...ofOwner] };
  });
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
