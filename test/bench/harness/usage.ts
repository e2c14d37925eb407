import { readFileSync } from 'node:fs';

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

/**
 * @param collect frees what is garbage before, so that the memory is what is in use.
 * @param pid another process that works for this one: its time is added.
 */
export function usage(collect = false, pid?: number): Usage {
  if (collect) {
    globalThis.gc?.();
    globalThis.gc?.();
  }
  const { user, system } = process.cpuUsage();
  const other = pid === undefined ? { user: 0, system: 0 } : timesOf(pid);
  const { rss, heapUsed } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  return { cpu: user + system + other.user + other.system, kernel: system + other.system, rss, heap: heapUsed, timers };
}

/** Microseconds that a process has used, to a hundredth of a second: Linux counts so. */
function timesOf(pid: number): { user: number; system: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return { user: Number(fields[11]) * 10_000, system: Number(fields[12]) * 10_000 };
}
