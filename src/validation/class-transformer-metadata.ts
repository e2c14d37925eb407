type ClassTransformer = typeof import('class-transformer');

/** What the function given to `@Type` is given. */
export interface TypeOptions {
  readonly newObject: object;
  readonly object: object;
  readonly property: string;
}

/** What `@Type` says of a property. */
export interface TypeMetadata {
  readonly reflectedType: unknown;
  readonly typeFunction?: (options: TypeOptions) => unknown;
  readonly options?: { readonly discriminator?: unknown };
}

/** What class-transformer's decorators say, by class and property: the part of its storage that is read here. */
export interface TransformerMetadata {
  readonly _typeMetadatas: ReadonlyMap<unknown, ReadonlyMap<string, TypeMetadata>>;
  readonly _transformMetadatas: ReadonlyMap<unknown, unknown>;
  readonly _exposeMetadatas: ReadonlyMap<unknown, unknown>;
  readonly _excludeMetadatas: Map<unknown, unknown>;
}

/** The storage, which class-transformer does not export; `undefined` where it is not to be had. */
export function findTransformerMetadata({ Exclude }: ClassTransformer): TransformerMetadata | undefined {
  try {
    const { defaultMetadataStorage: storage } = require('class-transformer/cjs/storage') as {
      readonly defaultMetadataStorage: TransformerMetadata;
    };
    const { _typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas } = storage;
    const maps: unknown[] = [_typeMetadatas, _transformMetadatas, _exposeMetadatas];
    // A bundler may have made two packages of it, and the decorators of the application write to the other one.
    class Probe {
      property: unknown;
    }
    Exclude()(Probe.prototype, 'property');
    return _excludeMetadatas.delete(Probe) && maps.every((map) => map instanceof Map) ? storage : undefined;
  } catch {
    return undefined;
  }
}
