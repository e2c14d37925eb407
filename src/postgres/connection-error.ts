/**
 * SQLSTATEs that say that a connection is not to be had now: class 08 (connection exception), 57P01–57P05 (shut down, crashed,
 * not yet up, database dropped, idle for too long), 53300 (too many connections).
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const SQLSTATES = /^(?:08...|57P0[1-5]|53300)$/;

/** Node's names of what happens to a socket, or to the look-up of its host. */
const SOCKET_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** What `pg` says of a connection without a code. */
const MESSAGES =
  /^(?:Connection terminated|timeout expired$|timeout exceeded when trying to connect$|Query read timeout$|Client (?:has encountered a connection error|was closed) and is not queryable$)/;

/** How deep other libraries wrap the error of the driver. */
const DEPTH = 5;

/**
 * Whether an error is one of the connection to the database, so that the same query may succeed on the next one; any other, a
 * mistake in the SQL for example, would come again. An error that wraps one by `cause`, as mappers do, is one too.
 */
export function isConnectionError(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < DEPTH && typeof at === 'object' && at !== null; depth++) {
    const { code, syscall, message, cause } = at as Partial<Record<'code' | 'syscall' | 'message' | 'cause', unknown>>;
    if (typeof code === 'string' && (SQLSTATES.test(code) || SOCKET_CODES.has(code))) {
      return true;
    }
    // The server's socket in the file system is gone while it is down.
    if (code === 'ENOENT' && syscall === 'connect') {
      return true;
    }
    if (typeof message === 'string' && MESSAGES.test(message)) {
      return true;
    }
    at = cause;
  }
  return false;
}
