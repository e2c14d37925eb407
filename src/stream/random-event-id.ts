import { randomUUID } from 'node:crypto';

/** The default id of an event: another one for each, so that a client can tell two events apart and nobody can guess one. */
export function randomEventId(): string {
  return randomUUID();
}
