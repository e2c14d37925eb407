import { SseConfigurationError } from '../event/sse.error';
import { PgListener } from './pg-listener';
import { PgliteListener } from './pglite-listener';
import type { PostgresConnect } from './postgres-connect';
import type { TailListener } from './tail-listener';

const listeners = new WeakMap<PostgresConnect, TailListener>();

/** What listens for all streams of this process that name the same pool, database or function. */
export function sharedListener(connect: PostgresConnect): TailListener {
  let listener = listeners.get(connect);
  if (listener === undefined) {
    listener = listenerOf(connect);
    listeners.set(connect, listener);
  }
  return listener;
}

function listenerOf(connect: PostgresConnect): TailListener {
  if (typeof connect === 'function') {
    return new PgListener(connect);
  }
  if (typeof connect === 'object' && connect !== null) {
    if ('listen' in connect && typeof connect.listen === 'function') {
      return new PgliteListener(connect);
    }
    if ('connect' in connect && typeof connect.connect === 'function') {
      return new PgListener(connect);
    }
  }
  throw new SseConfigurationError(
    'tailQuery: connect must be a pg.Pool, a PGlite, or a function that gives a connected pg.Client',
  );
}
