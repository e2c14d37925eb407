import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { turn } from './within';

let collect: (() => void) | undefined;

/** Bytes that are reachable in this process, what strings and buffers hold outside the heap included. */
export async function heapUsed(): Promise<number> {
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  // What a turn has let go, and what only its collection lets go.
  await turn();
  collect();
  await turn();
  collect();
  const { heapUsed: used, external } = process.memoryUsage();
  return used + external;
}
