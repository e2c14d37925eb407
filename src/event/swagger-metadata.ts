/*
 * What `@nestjs/swagger` reads from classes and handlers. The keys are written here, once, so that an application without
 * Swagger never loads it; a test compares them with what its own decorators write.
 */
import 'reflect-metadata';

export const API_RESPONSE = 'swagger/apiResponse';
export const API_PARAMETERS = 'swagger/apiParameters';
export const API_EXTRA_MODELS = 'swagger/apiExtraModels';
export const API_EXTENSION = 'swagger/apiExtension';
export const API_MODEL_PROPERTIES = 'swagger/apiModelProperties';
export const API_MODEL_PROPERTIES_ARRAY = 'swagger/apiModelPropertiesArray';
/** Static method that the compiler plugin of `@nestjs/swagger` writes into a DTO. */
export const METADATA_FACTORY = '_OPENAPI_METADATA_FACTORY';

/** What `@ApiProperty` records of one property: a part of a schema, with the type as a class or a function to it. */
export interface ModelProperty {
  type?: unknown;
  required?: boolean;
  isArray?: boolean;
  description?: string;
  example?: unknown;
  enum?: unknown[];
  [keyword: string]: unknown;
}

/** The properties of a class that its decorators or the compiler plugin describe. */
export function describedProperties(model: Function): Record<string, ModelProperty> {
  const prototype = model.prototype as object;
  const factory = (model as unknown as Record<string, (() => Record<string, ModelProperty>) | undefined>)[
    METADATA_FACTORY
  ];
  const properties: Record<string, ModelProperty> = { ...factory?.() };
  for (const name of namesOf(prototype)) {
    const described = Reflect.getMetadata(API_MODEL_PROPERTIES, prototype, name) as ModelProperty | undefined;
    properties[name] = { ...properties[name], ...described };
  }
  return properties;
}

/** Adds properties to a class's description; those that are described already stay as they are. */
export function describeModel(model: Function, properties: Record<string, ModelProperty>): void {
  const prototype = model.prototype as object;
  const described = describedProperties(model);
  const added = Object.keys(properties).filter((name) => !(name in described));
  for (const name of added) {
    Reflect.defineMetadata(API_MODEL_PROPERTIES, { isArray: false, ...properties[name] }, prototype, name);
  }
  Reflect.defineMetadata(
    API_MODEL_PROPERTIES_ARRAY,
    [...namesOf(prototype).map(keyOf), ...added.map(keyOf)],
    prototype,
  );
}

// `@nestjs/swagger` keeps the names of properties with a colon before them.
const keyOf = (name: string): string => `:${name}`;

function namesOf(prototype: object): string[] {
  const keys = (Reflect.getMetadata(API_MODEL_PROPERTIES_ARRAY, prototype) as string[] | undefined) ?? [];
  return keys.filter((key) => key.startsWith(':')).map((key) => key.slice(1));
}
