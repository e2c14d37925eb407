/** What a process has used. */
export interface Usage {
  /** Microseconds of CPU time, in user and in kernel mode. */
  readonly cpu: number;
  /** Microseconds of it in kernel mode. */
  readonly kernel: number;
  readonly rss: number;
  readonly heap: number;
  /** Timers that keep the process alive. */
  readonly timers: number;
}

/** @param collect frees what is garbage before, so that the memory is what is in use. */
export function usage(collect = false): Usage {
  if (collect) {
    globalThis.gc?.();
    globalThis.gc?.();
  }
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  return { cpu: user + system, kernel: system, rss, heap: heapUsed, timers };
}
