import { SseOutcomeUnknownError, SseUnavailableError } from '../channel/backplane.error';
import { messageOf } from '../event/error-text';
import { takeClient } from './pg-client';
import type { PgPool, PgQuery, TextRow } from './pg-pool';
import { within } from './within';

/**
 * States in which the server has undone the statement, whatever comes of the connection. Not so where it is shut down (57P) or
 * the connection breaks (08), nor where it may have failed as a whole: resources (53), system (58), internal (XX).
 */
const UNDONE = /^(?!08|53|57P|58|XX)/;

/** An error that the server sent, not one of the socket, whose codes are texts as well. */
export function isServerError(error: unknown): error is Error & { readonly code: string } {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string';
}

// A connection that breaks says so here as well as to its statement; unheard it would end the process.
function ignore(): void {}

/**
 * Runs one statement on a connection of the pool.
 *
 * @param limit milliseconds for the connection, and again for the statement.
 * @throws SseUnavailableError when nothing was written, SseOutcomeUnknownError when that cannot be known.
 */
export async function runOnPool(pool: PgPool, limit: number, query: PgQuery): Promise<TextRow[]> {
  const client = await takeClient(pool, limit).catch((cause: unknown) => {
    throw new SseUnavailableError('PostgreSQL cannot be reached, or the pool has no connection left', { cause });
  });
  client.on('error', ignore);
  let isBroken = true;
  try {
    const { rows } = await within(limit, client.query(query));
    isBroken = false;
    return rows as TextRow[];
  } catch (error) {
    if (isServerError(error) && UNDONE.test(error.code)) {
      isBroken = false;
      throw new SseUnavailableError(`PostgreSQL refused: ${messageOf(error)}`, { cause: error });
    }
    throw new SseOutcomeUnknownError('PostgreSQL did not answer, or the connection to it broke', { cause: error });
  } finally {
    client.removeListener('error', ignore);
    client.release(isBroken);
  }
}
