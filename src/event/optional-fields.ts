/** Every field may be left out, or be `undefined`: also where the compiler tells the two apart (`exactOptionalPropertyTypes`). */
export type OptionalFields<T> = { readonly [K in keyof T]?: T[K] | undefined };
