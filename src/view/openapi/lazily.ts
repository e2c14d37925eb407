/**
 * An object or array whose content is written when it is first looked at. A document is what looks: an application that
 * makes none pays for none, and the document sees what was added to classes after the application was created.
 */
export function lazily<T extends object>(target: T, write: (target: T) => void): T {
  let isWritten = false;
  const written = (): T => {
    if (!isWritten) {
      isWritten = true;
      write(target);
    }
    return target;
  };
  return new Proxy(target, {
    get: (_target, key) => Reflect.get(written(), key) as unknown,
    has: (_target, key) => Reflect.has(written(), key),
    ownKeys: () => Reflect.ownKeys(written()),
    getOwnPropertyDescriptor: (_target, key) => Reflect.getOwnPropertyDescriptor(written(), key),
  });
}
