import { answerCalls } from '../harness/calls';
import { quantile } from '../harness/statistics';
import { usage } from '../harness/usage';
import { openSocket, type ClientRequest } from './open-sockets';
import { probe } from './probe';
import { Readers } from './readers';

/** Times in milliseconds. */
export interface Times {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const readers = new Readers();

/** The clients' process: bare sockets of as many clients as it is told. */
const calls = {
  /** @returns how long the first bytes took. */
  open: async (request: ClientRequest, clients: number, { isStamped = false, atOnce = 100 } = {}): Promise<Times> =>
    timesOf(await readers.open(request, clients, isStamped, atOnce)),
  openStalled: (request: ClientRequest) => readers.openStalled(request),
  until: (events: number) => readers.until(events),
  events: () => readers.events,
  latencies: (): Times => timesOf(readers.latencies),
  close: () => readers.close(),
  usage,

  async probe(request: ClientRequest, milliseconds: number, uncounted: number): Promise<{ kept: Times; fresh: Times }> {
    const { kept, fresh } = await probe(request, milliseconds, uncounted);
    return { kept: timesOf(kept), fresh: timesOf(fresh) };
  },

  /** @returns the first id that a client gets. */
  firstId: (request: ClientRequest): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = '';
      const socket = openSocket(request, (buffer, length) => {
        text += buffer.toString('latin1', 0, length);
        const id = /^id: ?(.+)\n/m.exec(text)?.[1];
        if (id !== undefined) {
          socket.destroy();
          resolve(id);
        }
      });
      socket.once('error', reject);
      socket.once('close', () => reject(new Error(`No id came: ${text}`)));
    }),
};

export type ClientCalls = typeof calls;

function timesOf(times: number[]): Times {
  return { count: times.length, p50: quantile(times, 0.5), p99: quantile(times, 0.99), max: quantile(times, 1) };
}

answerCalls(calls);
