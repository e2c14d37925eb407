import { eventEnvelope } from './event-envelope';
import { anyOfSchemas, referenceTo } from './schema-object';
import { STREAM_EVENTS, type StreamEvent } from './stream-events';

/** What `setupSseDocs` looks at in a document; that of `SwaggerModule.createDocument` fits. */
export interface SseDocument {
  /** The version of OpenAPI, `3.2.0` for example. */
  readonly openapi: string;
  readonly paths: object;
  components?: object | undefined;
}

/** Options of `setupSseDocs`. */
export interface SseDocsOptions {
  /**
   * Leaves out the streams' `schema`, which describes their data, so that `itemSchema` alone describes them. Generators of
   * clients and Swagger UI read `schema`: without it most of them know nothing of the data.
   *
   * @default false
   */
  readonly itemSchemaOnly?: boolean | undefined;
}

type Components = Record<string, unknown>;

interface StreamMediaType {
  schema?: unknown;
  itemSchema?: unknown;
  readonly [STREAM_EVENTS]: readonly StreamEvent[];
}

/**
 * Adds to the streams of a document what OpenAPI knows of events from 3.2 on: `itemSchema`, and a component for each kind
 * of event, with its name and the schema of what is in `data`. `schema`, which describes the data, stays beside it.
 *
 * It changes the document that it is given and returns it, takes documents as `SwaggerModule.createDocument` returns them
 * (a copy by way of JSON has lost what it needs), and may be called again. Documents below 3.2, routes that are not
 * streams of this library, and responses whose content the application documents itself stay as they are.
 *
 * A component is called after the event or its data, `PriceEvent` for example. Where another component has that name,
 * those of the controller and the method come before it.
 *
 * @example
 * ```ts
 * const config = new DocumentBuilder().setOpenAPIVersion('3.2.0').build();
 * SwaggerModule.setup('docs', app, () => setupSseDocs(SwaggerModule.createDocument(app, config)));
 * ```
 *
 * @see https://spec.openapis.org/oas/v3.2.0.html#sequential-media-types
 */
export function setupSseDocs<T extends SseDocument>(document: T, options: SseDocsOptions = {}): T {
  const streams = hasItemSchema(document.openapi) ? streamsIn(document.paths) : [];
  if (streams.length > 0) {
    const components = (document.components ??= {}) as { schemas?: Components };
    const schemas = (components.schemas ??= {});
    for (const stream of streams) {
      stream.itemSchema ??= itemSchemaOf(stream[STREAM_EVENTS], schemas);
      if (options.itemSchemaOnly) {
        delete stream.schema;
      }
    }
  }
  return document;
}

function hasItemSchema(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 2);
}

/** The media types of all streams. */
function streamsIn(paths: object): StreamMediaType[] {
  const operations = Object.values(paths).flatMap((item) => objectsIn(item));
  const responses = operations.flatMap((operation) => objectsIn(operation['responses']));
  return responses.flatMap(({ content }) => objectsIn(content) as object[]).filter(isStream);
}

type Node = Readonly<Record<string, unknown>>;

function objectsIn(value: unknown): Node[] {
  const values = typeof value === 'object' && value !== null ? Object.values(value) : [];
  return values.filter((one) => typeof one === 'object' && one !== null) as Node[];
}

function isStream(mediaType: object): mediaType is StreamMediaType {
  return STREAM_EVENTS in mediaType;
}

function itemSchemaOf(events: readonly StreamEvent[], components: Components): object {
  const envelopes = events.map((event) => referenceTo(addComponent(event, components)));
  // An envelope without a name fits every event, those with one included.
  return anyOfSchemas(envelopes, events.some(({ name }) => name === undefined) ? 'anyOf' : 'oneOf');
}

/** @returns the name under which the envelope of an event stands among the components. */
function addComponent(event: StreamEvent, components: Components): string {
  const envelope = eventEnvelope(event);
  const text = JSON.stringify(envelope);
  // Another stream may have the same event.
  const isFree = (name: string): boolean => !(name in components) || JSON.stringify(components[name]) === text;
  const last = event.componentNames.at(-1)!;
  let name = event.componentNames.find(isFree) ?? last;
  for (let n = 2; !isFree(name); n++) {
    name = `${last}_${n}`;
  }
  components[name] = envelope;
  return name;
}
