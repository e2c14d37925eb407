import type { ModelProperty } from '../../event/swagger-metadata';

/** The type of a property, as `@ApiProperty` and the compiler plugin give it: resolved, and out of its array. */
export function typeOf(property: ModelProperty): { readonly type: unknown; readonly isArray: boolean } {
  let { type } = property;
  // `@nestjs/swagger` knows a function to a type by its name, which a property `type: () => Model` gives it.
  if (typeof type === 'function' && type.name === 'type') {
    type = (type as () => unknown)();
  }
  return Array.isArray(type) ? { type: type[0], isArray: true } : { type, isArray: property.isArray === true };
}

const BUILT_IN: ReadonlySet<unknown> = new Set([
  String,
  Number,
  Boolean,
  Date,
  Array,
  Set,
  Map,
  Object,
  BigInt,
  Symbol,
  Function,
  Promise,
  Buffer,
]);

/** The class, where a type is one that the developer wrote. */
export function asModel(type: unknown): Function | undefined {
  return typeof type === 'function' && type.prototype && !BUILT_IN.has(type) ? type : undefined;
}

/** The class that a property refers to, if it refers to any. */
export function modelOf(property: ModelProperty): Function | undefined {
  return asModel(typeOf(property).type);
}

/** The values of an enum: of a list, or of an enum of TypeScript, where a numeric one also has its names as values. */
export function enumValues(members: unknown): unknown[] {
  if (Array.isArray(members)) {
    return [...(members as unknown[])];
  }
  if (typeof members === 'function') {
    return enumValues((members as () => unknown)());
  }
  return Object.entries((members ?? {}) as object)
    .filter(([key]) => Number.isNaN(Number(key)))
    .map(([, value]) => value as unknown);
}
