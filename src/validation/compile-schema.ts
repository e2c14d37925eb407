import { compileClassSchema, type SerializerOptions } from './compile-class-schema';
import type { SchemaKind } from './response-schema';
import { compileStandardSchema } from './compile-standard-schema';
import type { Validate } from './validate';

/** Makes one function of any kind of schema. */
export function compileSchema(schema: SchemaKind, serializerOptions?: SerializerOptions): Validate {
  switch (schema.kind) {
    case 'class':
      return compileClassSchema(schema.model, serializerOptions);
    case 'standard':
      return compileStandardSchema(schema.schema);
    case 'record':
      return compileRecord(
        new Map([...schema.schemas].map(([event, member]) => [event, compileSchema(member, serializerOptions)])),
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
