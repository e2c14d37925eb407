import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSocket, type ClientRequest } from './open-sockets';

/** Milliseconds between an answer and the next request. */
const PAUSE = 2;
/** Requests until one comes over a connection of its own. */
const BETWEEN_CONNECTS = 10;

/** Milliseconds to each answer. */
export interface ProbeTimes {
  /** Over the connection that is open already. */
  readonly kept: number[];
  /** Over a new connection. */
  readonly fresh: number[];
}

/**
 * Sends one small request after the other.
 *
 * @param milliseconds how long.
 * @param uncounted milliseconds at the beginning whose answers do not count.
 */
export async function probe(request: ClientRequest, milliseconds: number, uncounted: number): Promise<ProbeTimes> {
  const times: ProbeTimes = { kept: [], fresh: [] };
  const start = performance.now();
  const keep = new Connection(request);
  try {
    for (let n = 1; performance.now() - start < milliseconds; n++) {
      const isFresh = n % BETWEEN_CONNECTS === 0;
      const sent = performance.now();
      await (isFresh ? once(request) : keep.ask());
      if (performance.now() - start > uncounted) {
        times[isFresh ? 'fresh' : 'kept'].push(performance.now() - sent);
      }
      await sleep(PAUSE);
    }
    return times;
  } finally {
    keep.close();
  }
}

async function once(request: ClientRequest): Promise<void> {
  const connection = new Connection(request);
  try {
    await connection.ask();
  } finally {
    connection.close();
  }
}

/** A connection with one request at a time. */
class Connection {
  private readonly socket: Socket;
  private isFirst = true;
  private answered: (() => void) | undefined;
  private failed: ((error: Error) => void) | undefined;

  constructor(private readonly request: ClientRequest) {
    this.socket = openSocket(request, () => this.answered?.());
    this.socket.on('error', (error) => this.failed?.(error));
  }

  /** @returns when the answer begins. */
  ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.answered = resolve;
      this.failed = reject;
      // The first request goes with the connection.
      if (!this.isFirst) {
        this.socket.write(`GET ${this.request.path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      }
      this.isFirst = false;
    });
  }

  close(): void {
    this.socket.destroy();
  }
}
