import type { Socket } from 'node:net';
import { MARKER } from '../server/sources';
import { openSocket, type ClientRequest } from './open-sockets';

const MARKER_BYTE = MARKER.charCodeAt(0);

/** Clients that read streams and count the events that come; nothing is parsed. */
export class Readers {
  /** Events of all clients. */
  events = 0;
  /** Milliseconds from the publication to the arrival, where events say when they were published. */
  latencies: number[] = [];

  private readonly sockets = new Set<Socket>();
  private readonly waiting: { events: number; resolve(): void }[] = [];

  /**
   * Opens clients.
   *
   * @param atOnce how many connect at the same time: a server's queue of connections is no longer than 511.
   * @returns milliseconds to the first byte of each, when each has received something.
   */
  async open(request: ClientRequest, clients: number, isStamped: boolean, atOnce: number): Promise<number[]> {
    const times: number[] = [];
    let left = clients;
    const take = isStamped ? this.readStamps : this.count;
    const openNext = async (): Promise<void> => {
      while (left-- > 0) {
        const start = performance.now();
        await new Promise<void>((resolve, reject) => {
          let read = (buffer: Buffer, length: number): void => {
            times.push(performance.now() - start);
            resolve();
            read = take;
            take(buffer, length);
          };
          const socket = openSocket(request, (buffer, length) => read(buffer, length));
          this.keep(socket);
          socket.once('error', reject);
          socket.once('close', () => reject(new Error('The server closed a connection at once')));
        });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, openNext));
    return times;
  }

  /** Opens a client that reads nothing. */
  async openStalled(request: ClientRequest): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const socket = openSocket(request, undefined);
      this.keep(socket);
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
  }

  /** Settles when that many events have come in all. */
  async until(events: number): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.events >= events) {
        resolve();
      } else {
        this.waiting.push({ events, resolve });
      }
    });
  }

  /** Closes every client and forgets what came. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.sockets].map(
        (socket) =>
          new Promise<void>((resolve) => {
            socket.once('close', () => resolve());
            socket.resetAndDestroy();
          }),
      ),
    );
    this.events = 0;
    this.latencies = [];
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
  }

  private readonly count = (buffer: Buffer, length: number): void => {
    let events = 0;
    // The buffer goes on behind what was read, with what another socket has left there.
    for (let at = buffer.indexOf(MARKER_BYTE); at >= 0 && at < length; at = buffer.indexOf(MARKER_BYTE, at + 1)) {
      events++;
    }
    this.counted(events);
  };

  private readonly readStamps = (buffer: Buffer, length: number): void => {
    const now = process.hrtime.bigint();
    let events = 0;
    for (let at = buffer.indexOf(MARKER_BYTE); at >= 0 && at < length; at = buffer.indexOf(MARKER_BYTE, at + 1)) {
      const from = buffer.lastIndexOf('"', at) + 1;
      this.latencies.push(Number(now - BigInt(buffer.toString('latin1', from, at))) / 1e6);
      events++;
    }
    this.counted(events);
  };

  private counted(events: number): void {
    this.events += events;
    const [first] = this.waiting;
    if (first && this.events >= first.events) {
      this.waiting.shift();
      first.resolve();
    }
  }
}
