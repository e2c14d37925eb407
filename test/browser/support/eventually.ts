/** Reads again and again until the value fits, and gives that value; fails with the last one when it does not in time. */
export async function eventually<T>(
  read: () => T | Promise<T>,
  fits: (value: T) => boolean,
  limit = 15_000,
): Promise<T> {
  const deadline = performance.now() + limit;
  for (;;) {
    const value = await read();
    if (fits(value)) {
      return value;
    }
    if (performance.now() > deadline) {
      throw new Error(`Not within ${limit} ms: ${String(fits)} of ${JSON.stringify(value)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
