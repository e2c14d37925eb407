import { compileClassSchema, type ClassSchemaOptions } from './compile-class-schema';
import type { SchemaKind } from './response-schema';
import { compileStandardSchema } from './compile-standard-schema';
import { withTimeLimit } from './time-limit';
import type { Validate } from './validate';

/** How a schema of any kind is used. */
export interface SchemaOptions extends ClassSchemaOptions {
  /** Milliseconds that an asynchronous validation may take. */
  readonly validationTimeout: number;
}

/**
 * Makes one function of any kind of schema.
 *
 * @throws SseConfigurationError when it would validate nothing, SsePackageMissingError without what it needs.
 */
export function compileSchema(schema: SchemaKind, options: SchemaOptions): Validate {
  return withTimeLimit(compileKind(schema, options), options.validationTimeout);
}

function compileKind(schema: SchemaKind, options: ClassSchemaOptions): Validate {
  switch (schema.kind) {
    case 'class':
      return compileClassSchema(schema.model, options);
    case 'standard':
      return compileStandardSchema(schema.schema);
    case 'record':
      return compileRecord(
        new Map([...schema.schemas].map(([event, member]) => [event, compileKind(member, options)])),
      );
  }
}

function compileRecord(members: ReadonlyMap<string, Validate>): Validate {
  const names = [...members.keys()].map((name) => `"${name}"`).join(', ');
  return (data, event) => {
    const validate = event === undefined ? undefined : members.get(event);
    return validate
      ? validate(data, event)
      : { issues: [{ path: [], message: `the event's name must be one of ${names}` }] };
  };
}
