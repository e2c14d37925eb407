/** Makes a function that runs the given one at most once in each interval, soon after it is called. */
export function throttled(run: () => void, interval: number): () => void {
  let last = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    timer ??= setTimeout(
      () => {
        timer = undefined;
        last = performance.now();
        run();
      },
      Math.max(0, last + interval - performance.now()),
    );
  };
}
