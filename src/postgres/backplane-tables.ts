import { show } from '../event/printable';
import { SseConfigurationError } from '../event/sse.error';
import type { BackplaneSql } from './backplane-sql';
import { textQuery, type PgQuery, type TextRow } from './pg-pool';

type Run = (query: PgQuery) => Promise<TextRow[]>;

/** States that say that a table, or the schema of it, is not there. */
const MISSING = new Set(['42P01', '3F000']);

/**
 * What the connection reads with: one plan for good, made while the tables may be empty, that is right when they are not. Every
 * row is found by an index.
 */
const SETTINGS = [
  'plan_cache_mode = force_generic_plan',
  'enable_seqscan = off',
  'enable_bitmapscan = off',
  'enable_hashjoin = off',
  'enable_mergejoin = off',
  'jit = off',
];

/**
 * Sees to it that the backplane's tables are there, on a connection that is used for nothing else.
 *
 * @throws SseConfigurationError when they are not, and may not be made.
 */
export async function prepareTables(run: Run, sql: BackplaneSql, mayCreate: boolean): Promise<void> {
  for (const setting of SETTINGS) {
    await run(textQuery(`SET ${setting}`));
  }
  let state = await check(run, sql);
  if (!state && mayCreate) {
    await run({ text: sql.create });
    state = await check(run, sql);
  }
  if (!state) {
    throw new SseConfigurationError(
      'The tables of the backplane are not there, or not all of them. Run the SQL of postgresBackplaneSql()',
    );
  }
  const [, encoding] = state;
  if (encoding !== 'UTF8') {
    throw new SseConfigurationError(`The backplane needs a database in UTF8, not in ${show(encoding)}`);
  }
}

async function check(run: Run, sql: BackplaneSql): Promise<TextRow | undefined> {
  try {
    const [row] = await run(textQuery(sql.check));
    return row;
  } catch (error) {
    if (MISSING.has(String((error as { code?: unknown }).code))) {
      return undefined;
    }
    throw error;
  }
}
