import { Logger, type Type } from '@nestjs/common';
import { messageOf } from '../../event/error-text';
import type { DataKind } from '../../validation/response-schema';
import type { StandardSchema } from '../../validation/standard-schema';
import { shapeOf } from './class-shape';
import { componentModel } from './component-model';
import { portableSchema } from './portable-schema';
import type { Components, SchemaObject } from './schema-object';
import { standardJsonSchema } from './standard-json-schema';

/** One kind of data as a document shows it. */
export interface DocumentedData {
  readonly schema: SchemaObject;
  /** The components that the schema refers to, for making examples. */
  readonly components: Components;
  /** The classes that `@nestjs/swagger` makes these components of. */
  readonly models: readonly Function[];
}

/** Data that may be any JSON. */
export const ANY_JSON: DocumentedData = { schema: {}, components: new Map(), models: [] };

/** Data of routes that write text. */
export const TEXT: DocumentedData = { ...ANY_JSON, schema: { type: 'string' } };

/** Schemas whose losses have been logged. */
const logged = new WeakSet<StandardSchema>();

/**
 * A class or a Standard Schema as a document shows it.
 *
 * @param owner the name of components that have none of their own.
 */
export function documentedData(kind: DataKind, owner: string, logger: Logger): DocumentedData {
  return kind.kind === 'class' ? ofClass(kind.model) : ofStandardSchema(kind.schema, owner, logger);
}

function ofClass(model: Type): DocumentedData {
  const components = new Map<string, SchemaObject>();
  return { schema: shapeOf(model, components), components, models: [model] };
}

function ofStandardSchema(schema: StandardSchema, owner: string, logger: Logger): DocumentedData {
  const warn = (message: string): void => {
    if (!logged.has(schema)) {
      logger.warn(`${owner}: ${message}`);
    }
  };
  try {
    const unknown: string[] = [];
    const changed: string[] = [];
    const json = standardJsonSchema(schema, {
      unknown: (what) => unknown.push(what),
      changed: (what) => changed.push(what),
    });
    if (unknown.length > 0) {
      warn(
        `parts of its schema are documented as any JSON, because JSON Schema cannot express them: ${unknown.join(', ')}`,
      );
    }
    if (changed.length > 0) {
      warn(
        `parts of its schema have no form in JSON: ${changed.join(', ')}. Use a schema whose output is JSON, ` +
          'a string for example',
      );
    }
    const { schema: portable, components } = portableSchema(json, owner);
    return { schema: portable, components, models: [...components].map(([name, part]) => componentModel(name, part)) };
  } catch (error) {
    warn(`its data are documented as any JSON: ${messageOf(error)}`);
    return ANY_JSON;
  } finally {
    logged.add(schema);
  }
}
