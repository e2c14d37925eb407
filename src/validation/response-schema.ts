import type { Type } from '@nestjs/common';
import type { StandardSchema } from './standard-schema';
import { SseConfigurationError } from '../event/sse.error';
import { isServerSentEventClass } from '../event/server-sent-event';

/**
 * The schema of one kind of data: a class-validator class, a Standard Schema (zod, valibot, arktype, …), or a class that
 * carries one as its static `schema`, as `createZodDto()` of nestjs-zod makes them.
 */
export type DataSchema<T = unknown> = Type<T> | StandardSchema<unknown, T>;

/** A schema for each event name. A name that is not among them is invalid. */
export type SchemaRecord = Readonly<Record<string, DataSchema>>;

/** What a route's data are validated against and documented with. */
export type ResponseSchema = DataSchema | SchemaRecord;

/** The two kinds of a schema of data. */
export type DataKind =
  | { readonly kind: 'class'; readonly model: Type }
  | {
      readonly kind: 'standard';
      readonly schema: StandardSchema;
      /** The class that carries the schema, where one does. */
      readonly model?: Type | undefined;
    };

/** The three kinds of a schema, told apart once when the application starts. */
export type SchemaKind = DataKind | { readonly kind: 'record'; readonly schemas: ReadonlyMap<string, DataKind> };

/** @throws SseConfigurationError when it is none of the three kinds. */
export function kindOfSchema(schema: unknown): SchemaKind {
  const single = kindOfDataSchema(schema);
  if (single) {
    return single;
  }
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema) || Object.keys(schema).length === 0) {
    throw new SseConfigurationError(
      'responseSchema must be a class, a Standard Schema (zod, valibot, arktype), or a record of them with the event names as keys',
    );
  }
  const schemas = new Map<string, DataKind>();
  for (const [event, member] of Object.entries(schema)) {
    const kind = kindOfDataSchema(member);
    if (!kind) {
      throw new SseConfigurationError(`responseSchema.${event} must be a class or a Standard Schema`);
    }
    schemas.set(event, kind);
  }
  return { kind: 'record', schemas };
}

function kindOfDataSchema(schema: unknown): DataKind | undefined {
  // Before classes: arktype's schemas are functions, and a class may be a Standard Schema itself.
  if (isStandardSchema(schema)) {
    return { kind: 'standard', schema };
  }
  if (isServerSentEventClass(schema)) {
    return kindOfDataSchema(schema.model);
  }
  if (typeof schema === 'function' && schema.prototype) {
    const model = schema as Type & { readonly schema?: unknown };
    return isStandardSchema(model.schema)
      ? { kind: 'standard', schema: model.schema, model }
      : { kind: 'class', model };
  }
  return undefined;
}

function isStandardSchema(value: unknown): value is StandardSchema {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value;
}
