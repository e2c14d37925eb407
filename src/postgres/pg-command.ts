import { SseOutcomeUnknownError, SseUnavailableError } from '../channel/backplane.error';
import type { PgPool, PgPoolClient, PgQuery, TextRow } from './pg-pool';
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
 * Takes a connection out of the pool.
 *
 * @param limit milliseconds. A connection that comes later goes back.
 * @throws SseUnavailableError when there is none.
 */
export async function takeConnection(pool: PgPool, limit: number): Promise<PgPoolClient> {
  const taking = pool.connect();
  try {
    return await within(limit, taking);
  } catch (error) {
    taking.then((client) => client.release(), ignore);
    throw new SseUnavailableError('PostgreSQL cannot be reached, or the pool has no connection left', { cause: error });
  }
}

/** Runs a statement of `textQuery()`. @param limit milliseconds; what comes later is not waited for. */
export async function runQuery(client: PgPoolClient, query: PgQuery, limit: number): Promise<TextRow[]> {
  const { rows } = await within(limit, client.query(query));
  return rows as TextRow[];
}

/**
 * Runs one statement on a connection of the pool.
 *
 * @param limit milliseconds for the connection, and again for the statement.
 * @throws SseUnavailableError when nothing was written, SseOutcomeUnknownError when that cannot be known.
 */
export async function runOnPool(pool: PgPool, limit: number, query: PgQuery): Promise<TextRow[]> {
  const client = await takeConnection(pool, limit);
  client.on('error', ignore);
  let isBroken = true;
  try {
    const rows = await runQuery(client, query, limit);
    isBroken = false;
    return rows;
  } catch (error) {
    if (isServerError(error) && UNDONE.test(error.code)) {
      isBroken = false;
      throw new SseUnavailableError(`PostgreSQL refused: ${error.message}`, { cause: error });
    }
    throw new SseOutcomeUnknownError('PostgreSQL did not answer, or the connection to it broke', { cause: error });
  } finally {
    client.removeListener('error', ignore);
    client.release(isBroken);
  }
}
