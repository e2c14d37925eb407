import { API_EXTENSION, API_SCHEMA } from '../../event/swagger-metadata';
import type { SchemaObject } from './schema-object';

/** A class that stands for a component whose schema was not made of a class; for `@nestjs/swagger`'s extra models. */
export function componentModel(name: string, schema: SchemaObject): Function {
  // `@nestjs/swagger` takes a class for an object with properties; what the schema does not say is taken back.
  const keywords: SchemaObject = { type: undefined, properties: undefined, ...schema };
  class ComponentModel {
    readonly keywords = keywords;
  }
  Reflect.defineMetadata(API_SCHEMA, [{ name }], ComponentModel);
  // Its documents are altered in place on the way to OpenAPI 3.1: each gets keywords of its own.
  const fresh = Object.fromEntries(
    Object.keys(keywords).map((keyword) => [
      keyword,
      { enumerable: true, get: (): unknown => structuredClone(keywords[keyword]) },
    ]),
  );
  Reflect.defineMetadata(API_EXTENSION, Object.defineProperties({}, fresh), ComponentModel);
  return ComponentModel;
}
