import { Injectable, Logger } from '@nestjs/common';
import { defer, exhaustMap, finalize, ReplaySubject, share, tap, timer } from 'rxjs';
import { currentLoad, mem } from 'systeminformation';
import type { SystemReading } from './system-reading';

/** Milliseconds between two readings. */
const INTERVAL = 1_000;

/** Reads the machine's load and memory, once for everybody, and only while there is somebody. */
@Injectable()
export class SystemMonitor {
  private readonly logger = new Logger('SystemMonitor');

  /** One poller for all subscribers: the first one starts it, the last one to leave stops it. A newcomer gets the last reading. */
  readonly readings$ = defer(() => timer(0, INTERVAL)).pipe(
    tap({ subscribe: () => this.logger.log('Reading the system once a second') }),
    exhaustMap(() => this.read()),
    finalize(() => this.logger.log('Nobody is watching: the readings stop')),
    share({ connector: () => new ReplaySubject<SystemReading>(1), resetOnRefCountZero: true }),
  );

  private async read(): Promise<SystemReading> {
    const [load, memory] = await Promise.all([currentLoad(), mem()]);
    return {
      at: new Date().toISOString(),
      cpu: { load: percent(load.currentLoad), cores: load.cpus.map((core) => percent(core.load)) },
      memory: { total: memory.total, used: memory.total - memory.available },
    };
  }
}

/** With one decimal place, and within 0 and 100 whatever the counters of a virtual machine say. */
function percent(value: number): number {
  return Math.min(100, Math.max(0, Math.round(value * 10) / 10));
}
