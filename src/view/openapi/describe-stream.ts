import type { Logger } from '@nestjs/common';
import type { ResolvedRoute } from '../../config/resolve-options';
import { ANY_JSON, documentedData, TEXT, type DocumentedData } from './data-schema';
import { anyOfSchemas, type SchemaObject } from './schema-object';

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

/** @param owner the name of components that have none of their own. */
export function describeStream(route: ResolvedRoute, owner: string, logger: Logger): StreamDescription {
  const events = eventsOf(route, owner, logger);
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
