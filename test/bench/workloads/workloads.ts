import { connects } from './connects';
import { fanOut } from './fan-out';
import { flood } from './flood';
import { idle } from './idle';
import { latency } from './latency';
import { oneStream } from './one-stream';
import { redis } from './redis';
import { resume } from './resume';
import { stalledReader } from './stalled-reader';
import type { Workload } from './workload';

/** Every workload by the name that the command line takes, in their order. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  w1: oneStream,
  w2: fanOut,
  w3: idle,
  w4: connects,
  w5: stalledReader,
  w6: flood,
  w7: latency,
  w8: resume,
  w9: redis,
};
