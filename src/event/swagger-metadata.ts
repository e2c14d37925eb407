/*
 * What `@nestjs/swagger` reads from classes and handlers. The keys are written here, once, so that an application without
 * Swagger never loads it; a test compares them with what its own decorators write.
 */
import 'reflect-metadata';

export const API_RESPONSE = 'swagger/apiResponse';
export const API_PARAMETERS = 'swagger/apiParameters';
export const API_HEADERS = 'swagger/apiHeaders';
export const API_PRODUCES = 'swagger/apiProduces';
export const API_EXTRA_MODELS = 'swagger/apiExtraModels';
export const API_EXTENSION = 'swagger/apiExtension';
export const API_SCHEMA = 'swagger/apiSchema';
export const API_MODEL_PROPERTIES = 'swagger/apiModelProperties';
export const API_MODEL_PROPERTIES_ARRAY = 'swagger/apiModelPropertiesArray';
/** Static method that the compiler plugin of `@nestjs/swagger` writes into a DTO. */
export const METADATA_FACTORY = '_OPENAPI_METADATA_FACTORY';

/** What `@ApiProperty` records of one property: a part of a schema, with the type as a class or a function to it. */
export interface ModelProperty {
  type?: unknown;
  required?: boolean | undefined;
  isArray?: boolean | undefined;
  description?: string | undefined;
  example?: unknown;
  enum?: unknown;
  [keyword: string]: unknown;
}

type MetadataFactory = () => Record<string, ModelProperty>;

/** What `describeModel` wrote, which is not the developer's word. */
const added = new WeakSet<ModelProperty>();

/** The factories of `describeModelLater`, which are not the plugin's, each with the one that it took the place of. */
const ours = new WeakMap<Function, MetadataFactory | undefined>();

/** The properties of a class as a document shows them. */
export function describedProperties(model: Function): Record<string, ModelProperty> {
  // As `@nestjs/swagger` does: it may describe the class only now.
  factoryOf(model)?.();
  return propertiesOf(model, () => true);
}

/** The properties of a class that its decorators or the compiler plugin describe. */
export function developersProperties(model: Function): Record<string, ModelProperty> {
  return propertiesOf(model, (property) => !added.has(property));
}

/** Adds properties to a class's description; those that the developer or the plugin describes stay as they are. */
export function describeModel(model: Function, properties: Record<string, ModelProperty>): void {
  const prototype = model.prototype as object;
  const developers = developersProperties(model);
  const names = new Set(namesOf(model));
  for (const [name, property] of Object.entries(properties)) {
    // What was added to a base class gives way: the class's own validators say more.
    if (!(name in developers)) {
      const described = { isArray: false, ...property };
      added.add(described);
      Reflect.defineMetadata(API_MODEL_PROPERTIES, described, prototype, name);
      names.add(name);
    }
  }
  // `@nestjs/swagger` keeps the names of properties with a colon before them.
  const keys = [...names].map((name) => `:${name}`);
  Reflect.defineMetadata(API_MODEL_PROPERTIES_ARRAY, keys, prototype);
}

/**
 * Adds properties to a class's description when a document first asks for it. It is done in the place of the compiler
 * plugin; its description takes the place also when it is loaded later.
 */
export function describeModelLater(model: Function, properties: MetadataFactory): void {
  const replaced = Object.hasOwn(model, METADATA_FACTORY) ? factoryOf(model) : undefined;
  let isDescribed = false;
  const factory: MetadataFactory = () => {
    if (!isDescribed) {
      isDescribed = true;
      describeModel(model, properties());
    }
    return replaced?.() ?? {};
  };
  ours.set(factory, replaced);
  Object.defineProperty(model, METADATA_FACTORY, { value: factory, writable: true, configurable: true });
}

/**
 * Has a document describe more classes wherever it describes a class: those that the schemas of its properties name, which
 * `@nestjs/swagger` does not look into.
 */
export function describeWithModel(model: Function, others: readonly Function[]): void {
  const known = (Reflect.getMetadata(API_EXTRA_MODELS, model) as Function[] | undefined) ?? [];
  const all = [...new Set([...known, ...others])];
  // `@nestjs/swagger` goes through them in this way, and would go in circles.
  const forEach = (visit: (model: Function) => void): void => all.forEach((other) => visitOnce(other, visit));
  Reflect.defineMetadata(API_EXTRA_MODELS, Object.assign([...all], { forEach }), model);
}

/** The classes that have been visited since the outermost visit began. */
let visited: Set<Function> | undefined;

function visitOnce(model: Function, visit: (model: Function) => void): void {
  const isOutermost = visited === undefined;
  visited ??= new Set();
  try {
    if (!visited.has(model)) {
      visited.add(model);
      visit(model);
    }
  } finally {
    if (isOutermost) {
      visited = undefined;
    }
  }
}

/** The classes that a document describes wherever it describes a class. */
export function modelsDescribedWith(model: Function): readonly Function[] {
  return (Reflect.getMetadata(API_EXTRA_MODELS, model) as Function[] | undefined) ?? [];
}

/** Whether the compiler plugin, or a mapped type of `@nestjs/swagger` in its place, describes a class's own properties. */
export function isDescribedByPlugin(model: Function): boolean {
  return pluginFactoryOf(model) !== undefined;
}

/** What the compiler plugin, or a mapped type of `@nestjs/swagger` in its place, says of a class's own properties. */
export function describedByPlugin(model: Function): Record<string, ModelProperty> {
  return pluginFactoryOf(model)?.() ?? {};
}

/** The name under which a class stands among the document's components. */
export function componentName(model: Function): string {
  const schemas = Reflect.getOwnMetadata(API_SCHEMA, model) as { name?: string }[] | undefined;
  return schemas?.at(-1)?.name ?? model.name;
}

function propertiesOf(model: Function, counts: (property: ModelProperty) => boolean): Record<string, ModelProperty> {
  const properties = propertiesByPlugin(model);
  for (const name of namesOf(model)) {
    const recorded = Reflect.getMetadata(API_MODEL_PROPERTIES, model.prototype as object, name) as ModelProperty;
    if (counts(recorded)) {
      properties[name] = { ...properties[name], ...recorded };
    }
  }
  return properties;
}

function propertiesByPlugin(model: Function): Record<string, ModelProperty> {
  const parent: unknown = Object.getPrototypeOf(model);
  const inherited = typeof parent === 'function' && parent.prototype ? propertiesByPlugin(parent) : {};
  return { ...inherited, ...describedByPlugin(model) };
}

function pluginFactoryOf(model: Function): MetadataFactory | undefined {
  const own = Object.hasOwn(model, METADATA_FACTORY) ? factoryOf(model) : undefined;
  return own && ours.has(own) ? ours.get(own) : own;
}

function factoryOf(model: Function): MetadataFactory | undefined {
  return (model as unknown as Record<typeof METADATA_FACTORY, MetadataFactory | undefined>)[METADATA_FACTORY];
}

function namesOf(model: Function): string[] {
  const keys = Reflect.getMetadata(API_MODEL_PROPERTIES_ARRAY, model.prototype as object) as string[] | undefined;
  return (keys ?? []).filter((key) => key.startsWith(':')).map((key) => key.slice(1));
}
