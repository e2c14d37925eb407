/** Polls for a condition, and fails with what was seen when it does not come about in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  limit = 5_000,
  seen: () => string = () => String(condition),
): Promise<void> {
  const deadline = performance.now() + limit;
  while (!(await condition())) {
    if (performance.now() > deadline) {
      throw new Error(`Not within ${limit} ms: ${seen()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits, in a source of a test, until the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}
