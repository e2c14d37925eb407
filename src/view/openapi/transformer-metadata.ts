import { asModel } from './model-type';

interface ExposeOptions {
  readonly name?: string;
  readonly toClassOnly?: boolean;
  readonly groups?: readonly string[];
  readonly since?: number;
  readonly until?: number;
}

interface TypeMetadata {
  readonly typeFunction?: () => unknown;
  readonly options?: {
    readonly discriminator?: {
      readonly property?: unknown;
      readonly subTypes?: readonly { readonly name: string; readonly value: Function }[];
    };
  };
}

/** What class-transformer keeps of its decorators; Nest's own packages read it there, too. */
interface TransformerStorage {
  getStrategy(model: Function): 'none' | 'excludeAll' | 'exposeAll';
  getExposedProperties(model: Function, direction: number): string[];
  getExcludedProperties(model: Function, direction: number): string[];
  findExposeMetadata(model: Function, name: string): { readonly options?: ExposeOptions } | undefined;
  findTypeMetadata(model: Function, name: string): TypeMetadata | undefined;
  findTransformMetadatas(model: Function, name: string, direction: number): readonly unknown[];
}

/** The classes that a property may hold, told apart by the value of one of their properties. */
export interface Variants {
  readonly property: string;
  /** The value that is sent for each class. */
  readonly names: ReadonlyMap<Function, string>;
}

/** class-transformer's number for the way from an instance to what is sent. */
const TO_PLAIN = 1;

/** The properties of a class that are written by `@Expose()`. */
export function exposedProperties(model: Function): string[] {
  return storage().getExposedProperties(model, TO_PLAIN);
}

/** The properties of a class that are not written. */
export function excludedProperties(model: Function): string[] {
  return storage().getExcludedProperties(model, TO_PLAIN);
}

/** Whether a class writes only what it exposes. */
export function writesOnlyExposed(model: Function): boolean {
  return storage().getStrategy(model) === 'excludeAll';
}

/** The name of a property on the wire. */
export function nameOnWire(model: Function, name: string): string {
  const options = exposeOptions(model, name);
  return options.toClassOnly ? name : (options.name ?? name);
}

/** Whether `@Expose()` writes a property only for groups or versions, which a route may have or not. */
export function isExposedForSome(model: Function, name: string): boolean {
  const { groups = [], since, until } = exposeOptions(model, name);
  return groups.length > 0 || since !== undefined || until !== undefined;
}

/** Whether `@Transform()` makes something of a property when it is written; what, only its function knows. */
export function isTransformed(model: Function, name: string): boolean {
  return storage().findTransformMetadatas(model, name, TO_PLAIN).length > 0;
}

/** What `@Type()` names: a class, or `Date` and its like. */
export function typeByDecorator(model: Function, name: string): unknown {
  try {
    return storage().findTypeMetadata(model, name)?.typeFunction?.();
  } catch {
    // The function of @Type() looks at a class that is not there.
    return undefined;
  }
}

/** The classes of `@Type(…, { discriminator })`. */
export function variantsOf(model: Function, name: string): Variants | undefined {
  const { property, subTypes = [] } = storage().findTypeMetadata(model, name)?.options?.discriminator ?? {};
  if (typeof property !== 'string' || subTypes.length === 0 || !subTypes.every(({ value }) => asModel(value))) {
    return undefined;
  }
  const names = new Map<Function, string>();
  for (const { value, name: sent } of subTypes) {
    // Of several names for a class, the first is written.
    if (!names.has(value)) {
      names.set(value, sent);
    }
  }
  return { property, names };
}

function exposeOptions(model: Function, name: string): ExposeOptions {
  return storage().findExposeMetadata(model, name)?.options ?? {};
}

function storage(): TransformerStorage {
  const { defaultMetadataStorage } = require('class-transformer/cjs/storage') as {
    defaultMetadataStorage: TransformerStorage;
  };
  return defaultMetadataStorage;
}
