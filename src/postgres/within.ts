/**
 * Waits for a promise, at most so many milliseconds.
 *
 * @throws Error with the code of a socket that does not answer, when it takes longer.
 */
export async function within<T>(limit: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error(`No answer within ${limit} ms`), { code: 'ETIMEDOUT' });
    timer = setTimeout(() => reject(error), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
