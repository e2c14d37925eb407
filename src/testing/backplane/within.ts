/** Waits for a promise, and fails when it does not settle in time. @param limit milliseconds. */
export async function within<T>(limit: number, what: string | (() => string), promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Not within ${limit} ms: ${typeof what === 'string' ? what : what()}`)),
      limit,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Polls for a condition, and fails when it does not come about in time. @param limit milliseconds. */
export async function eventually(
  limit: number,
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new Error(`Not within ${limit} ms: ${what}`);
    }
    await sleep(5);
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** A turn of the event loop: everything that settled promises lead to has happened. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
