import type { Bench } from '../harness/bench';
import type { Report } from '../harness/report';

/** One thing that is measured. */
export interface Workload {
  readonly title: string;
  /** What happens, in a few sentences. */
  readonly description: string;
  run(bench: Bench): Promise<Report>;
}
