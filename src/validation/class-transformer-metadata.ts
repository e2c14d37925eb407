import { PerClass } from './per-class';

type ClassTransformer = typeof import('class-transformer');

/** What the function given to `@Type` is given. */
export interface TypeOptions {
  readonly newObject: object;
  readonly object: object;
  readonly property: string;
}

/** The classes that a property may be of, by what one of their properties says. */
export interface Discriminator {
  readonly property: string;
  readonly subTypes: readonly { readonly name: string; readonly value: unknown }[];
}

/** What `@Type` says of a property. */
export interface TypeMetadata {
  readonly reflectedType: unknown;
  readonly typeFunction?: ((options: TypeOptions) => unknown) | undefined;
  readonly options?: { readonly discriminator?: Discriminator | undefined } | undefined;
}

/** What class-transformer's decorators say, by class and property: the part of its storage that is read here. */
export interface TransformerMetadata {
  readonly _typeMetadatas: ReadonlyMap<unknown, ReadonlyMap<string, TypeMetadata>>;
  readonly _transformMetadatas: ReadonlyMap<unknown, ReadonlyMap<string | undefined, unknown>>;
  readonly _exposeMetadatas: ReadonlyMap<unknown, ReadonlyMap<string | undefined, unknown>>;
  readonly _excludeMetadatas: Map<unknown, ReadonlyMap<string | undefined, unknown>>;
}

/** Looks up what class-transformer knows of a class, its base classes included. */
export class TransformerClasses {
  private readonly written: PerClass<boolean>;
  private readonly discriminated: PerClass<ReadonlyMap<string, Discriminator>>;

  constructor(private readonly metadata: TransformerMetadata) {
    const { _transformMetadatas, _exposeMetadatas, _excludeMetadatas } = metadata;
    const maps = [_transformMetadatas, _exposeMetadatas, _excludeMetadatas];
    this.written = new PerClass((model) => lineOf(model).some((one) => maps.some((map) => map.has(one))));
    this.discriminated = new PerClass((model) => this.readDiscriminators(model));
  }

  /** Whether `@Expose`, `@Exclude` or `@Transform` say how the objects of a class are written. */
  isWrittenByDecorators(model: unknown): boolean {
    return this.written.get(model) ?? false;
  }

  /** The properties of a class whose `@Type` has a discriminator; `undefined` where there are none. */
  discriminatorsOf(model: unknown): ReadonlyMap<string, Discriminator> | undefined {
    return this.discriminated.get(model);
  }

  /** The names of all properties that a decorator of class-transformer is on. */
  decoratedProperties(model: Function): string[] {
    const { _typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas } = this.metadata;
    const maps = [_typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas];
    const names = lineOf(model).flatMap((one) => maps.flatMap((map) => [...(map.get(one)?.keys() ?? [])]));
    // A decorator of the class itself has no name.
    return names.filter((name) => name !== undefined);
  }

  private readDiscriminators(model: Function): ReadonlyMap<string, Discriminator> | undefined {
    const { _typeMetadatas } = this.metadata;
    const found = new Map<string, Discriminator>();
    for (const one of lineOf(model).toReversed()) {
      for (const [property, { options }] of _typeMetadatas.get(one) ?? []) {
        if (options?.discriminator) {
          found.set(property, options.discriminator);
        } else {
          found.delete(property);
        }
      }
    }
    return found.size > 0 ? found : undefined;
  }
}

/** The discriminator of an array's items: class-transformer gives what `@Type` says in the place of a class then. */
export function discriminatorOf(targetType: unknown): Discriminator | undefined {
  return typeof targetType === 'object' && targetType !== null
    ? (targetType as Partial<TypeMetadata>).options?.discriminator
    : undefined;
}

/** A class and its base classes. */
export function lineOf(model: Function): Function[] {
  const line: Function[] = [];
  for (let one = model; one?.prototype; one = Object.getPrototypeOf(one.prototype.constructor) as Function) {
    line.push(one);
  }
  return line;
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
