import type { Socket } from 'node:net';

/** Marks a socket of HTTP/1.1 that a stream, or a request for one, has to itself. */
const TAKEN = Symbol('TAKEN');

interface Takable extends Socket {
  [TAKEN]?: boolean;
}

/** Whether a stream has the socket: whatever is asked for on it now would wait until that stream's end. */
export function isTaken(socket: Takable): boolean {
  return socket[TAKEN] === true;
}

/** Gives the socket to a stream, from its request to the end of its response. */
export function take(socket: Takable): void {
  socket[TAKEN] = true;
}

/** The stream is over, and the socket is free for another request. */
export function release(socket: Takable): void {
  socket[TAKEN] = false;
}
