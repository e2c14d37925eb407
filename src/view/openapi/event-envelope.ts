import { jsonSchemaOf } from './json-schema-of';
import { isAnyJson, type SchemaObject } from './schema-object';
import type { StreamEvent } from './stream-events';

/**
 * An event with all of its fields, as the media type `text/event-stream` of OpenAPI 3.2 sees it.
 *
 * @see https://spec.openapis.org/oas/v3.2.0.html#special-considerations-for-text-event-stream-content
 */
export function eventEnvelope(event: StreamEvent): object {
  const { name, envelope } = event;
  if (envelope) {
    return envelope;
  }
  return {
    type: 'object',
    required: name === undefined ? ['data'] : ['event', 'data'],
    properties: {
      event: name === undefined ? { type: 'string' } : { type: 'string', const: name },
      data: dataField(event),
      id: { type: 'string' },
      retry: { type: 'integer', minimum: 0 },
    },
  };
}

/** The field is a string in any case; of JSON, the schema is of what is in it. */
function dataField({ format, data }: StreamEvent): SchemaObject {
  if (format === 'text') {
    return data.type === 'string' ? (jsonSchemaOf(data) as SchemaObject) : { type: 'string' };
  }
  const content = isAnyJson(data) ? {} : { contentSchema: jsonSchemaOf(data) };
  return { type: 'string', contentMediaType: 'application/json', ...content };
}
