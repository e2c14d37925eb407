import { lineOf, type TransformerMetadata, type TypeMetadata } from './class-transformer-metadata';

/** A class of which class-transformer makes objects. */
export type Model = new () => object;

/** Stands for a copy that only class-transformer itself can make. */
export const UNDECIDED = Symbol('undecided');

/** What class-transformer does with the objects of a class. */
export interface CopyRules {
  /** `undefined` for plain objects. */
  readonly model: Model | undefined;
  readonly prototype: object;
  /** The properties that are not just copied: those with `@Type`, and `UNDECIDED` for the names in the prototype. */
  readonly exceptions: ReadonlyMap<string, TypeMetadata | typeof UNDECIDED>;
  /** Whether its objects have a `toJSON` of their own, and are left as they are. */
  readonly writesItself: boolean;
}

/** Classes whose objects class-transformer treats in ways of their own. */
const SPECIAL: readonly Function[] = [Array, Boolean, Date, Map, Number, Set, String, Uint8Array];

/** Rules for objects without a class. */
export function copyRulesOfNoClass(): CopyRules {
  return {
    model: undefined,
    prototype: Object.prototype,
    exceptions: namesIn(Object.prototype),
    writesItself: false,
  };
}

/** `undefined` where only class-transformer can copy: for `@Expose`, `@Exclude`, `@Transform` and discriminators. */
export function readCopyRules(model: Function, metadata: TransformerMetadata): CopyRules | undefined {
  const prototype: unknown = model.prototype;
  if (
    !(prototype instanceof Object) ||
    prototype.constructor !== model ||
    SPECIAL.some((special) => special === model || prototype instanceof special)
  ) {
    return undefined;
  }
  const { _typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas } = metadata;
  const others = [_transformMetadatas, _exposeMetadatas, _excludeMetadatas];
  const exceptions = namesIn(prototype);
  for (const ancestor of lineOf(model)) {
    if (others.some((decorated) => decorated.has(ancestor))) {
      return undefined;
    }
    for (const [property, type] of _typeMetadatas.get(ancestor) ?? []) {
      if (!isSame(type)) {
        return undefined;
      }
      if (!exceptions.has(property)) {
        exceptions.set(property, type);
      }
    }
  }
  const writesItself = typeof (prototype as { toJSON?: unknown }).toJSON === 'function';
  return { model: model as Model, prototype, exceptions, writesItself };
}

/** The names of methods and accessors, `constructor` and `__proto__`: class-transformer skips some and sets others. */
function namesIn(prototype: object): Map<string, TypeMetadata | typeof UNDECIDED> {
  const names = new Map<string, typeof UNDECIDED>();
  for (let object: object | null = prototype; object; object = Object.getPrototypeOf(object) as object | null) {
    Object.getOwnPropertyNames(object).forEach((name) => names.set(name, UNDECIDED));
  }
  return names;
}

/** Whether a type is the same whatever the object holds. */
function isSame({ options, reflectedType, typeFunction }: TypeMetadata): boolean {
  return !options?.discriminator && reflectedType !== Map && !typeFunction?.length;
}
