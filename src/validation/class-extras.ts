import type { DeclaredProperties } from './declared-properties';

/** The properties of objects that their classes do not declare. */
export type Extras = ReadonlyMap<object, ReadonlySet<string>>;

/**
 * Finds the properties that no class declares, in an object and in what its class has validated inside it
 * (`@ValidateNested`): there class-validator looks for them, too. `undefined` where there are none.
 */
export function findExtras(object: object, declared: DeclaredProperties): Extras | undefined {
  const extras = new Map<object, ReadonlySet<string>>();
  const seen = new Set<object>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) {
      return;
    }
    seen.add(value);
    if (Array.isArray(value) || value instanceof Set || value instanceof Map) {
      (value as unknown[]).forEach(visit);
      return;
    }
    const known = declared.of(value.constructor);
    if (!known) {
      return;
    }
    const names = Object.keys(value).filter((name) => !known.names.has(name));
    if (names.length > 0) {
      extras.set(value, new Set(names));
    }
    known.nested.forEach((name) => visit(value[name as never]));
  };
  visit(object);
  return extras.size > 0 ? extras : undefined;
}

/** A copy of what `findExtras` has looked at, without those properties. */
export function withoutExtras(value: unknown, extras: Extras, declared: DeclaredProperties): unknown {
  const inside = (item: unknown): unknown => withoutExtras(item, extras, declared);
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(inside);
  }
  if (value instanceof Set) {
    return new Set([...value].map(inside));
  }
  if (value instanceof Map) {
    return new Map([...value].map(([key, item]) => [key, inside(item)]));
  }
  const known = declared.of(value.constructor);
  if (!known) {
    return value;
  }
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>;
  for (const [name, item] of Object.entries(value)) {
    if (!extras.get(value)?.has(name)) {
      copy[name] = known.nested.has(name) ? inside(item) : item;
    }
  }
  return copy;
}
