import type { Logger } from '@nestjs/common';
import type { ResolvedRoute } from '../../config/resolve-options';
import { componentModel } from './component-model';
import { ANY_JSON, documentedData, TEXT, type DocumentedData } from './data-schema';
import { anyOfSchemas, referenceTo, type SchemaObject } from './schema-object';

/** An event that a route sends beside those of its schema, `gap` of a channel for example. */
export interface AdditionalEvent {
  readonly name: string;
  /** The name of the component that the schema becomes. */
  readonly component: string;
  /** The schema of the data. */
  readonly schema: SchemaObject;
}

/** A kind of event: its name, where it is known, and its data. */
export interface DocumentedEvent {
  readonly name: string | undefined;
  readonly data: DocumentedData;
}

/** A route's events as a document shows them. */
export interface StreamDescription {
  readonly events: readonly DocumentedEvent[];
  /** The schema of the data of all of them. */
  readonly schema: SchemaObject;
  /** What `@nestjs/swagger` makes the components of. */
  readonly models: readonly Function[];
}

/** What can be said of a stream whose description fails. */
export const UNKNOWN_STREAM: StreamDescription = {
  events: [{ name: undefined, data: ANY_JSON }],
  schema: {},
  models: [],
};

/** @param owner the name of components that have none of their own. */
export function describeStream(
  route: ResolvedRoute,
  additional: readonly AdditionalEvent[],
  owner: string,
  logger: Logger,
): StreamDescription {
  const events = [...eventsOf(route, owner, logger), ...additional.map(documentedEvent)];
  return {
    events,
    schema: anyOfSchemas(
      events.map(({ data }) => data.schema),
      'oneOf',
    ),
    models: [...new Set(events.flatMap(({ data }) => data.models))],
  };
}

function eventsOf({ schema, stream, typedEvents }: ResolvedRoute, owner: string, logger: Logger): DocumentedEvent[] {
  if (!schema) {
    return [{ name: undefined, data: stream.format === 'text' ? TEXT : ANY_JSON }];
  }
  if (schema.kind !== 'record') {
    const name = typedEvents && schema.kind === 'class' ? schema.model.name : undefined;
    return [{ name, data: documentedData(schema, owner, logger) }];
  }
  const documented = new Map<unknown, DocumentedData>();
  return [...schema.schemas].map(([name, member]) => {
    const key = member.kind === 'class' ? member.model : member.schema;
    const data = documented.get(key) ?? documentedData(member, `${owner}_${name}`, logger);
    documented.set(key, data);
    return { name, data };
  });
}

function documentedEvent({ name, component, schema }: AdditionalEvent): DocumentedEvent {
  const components = new Map([[component, schema]]);
  return { name, data: { schema: referenceTo(component), components, models: [componentModel(component, schema)] } };
}
