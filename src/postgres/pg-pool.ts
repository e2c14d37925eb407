import type { PgClient, PgClientPool } from './pg-client';

/** A statement as `pg` takes it. */
export interface PgQuery {
  readonly text: string;
  readonly values?: unknown[] | undefined;
  /** Names a statement that the connection keeps prepared. */
  readonly name?: string | undefined;
  readonly rowMode?: 'array' | undefined;
  readonly types?: { getTypeParser(): (value: string) => unknown } | undefined;
}

/** A connection of a `pg.Pool`: what is needed of it. */
export interface PgPoolClient extends PgClient<PgQuery, { readonly rows: unknown[] }> {
  /** Gives the connection back, or ends it. */
  release(destroy?: boolean): void;
}

/** A `Pool` of `pg` 8: what is needed of it, so that `pg` need not be installed for the types. */
export type PgPool = PgClientPool<PgPoolClient>;

/** Columns as the server writes them, whatever parsers the application has registered. */
const AS_TEXT = { getTypeParser: () => (value: string) => value };

/** A row: each column as text, or null. */
export type TextRow = (string | null)[];

/** A statement whose rows are arrays of text. */
export function textQuery(text: string, values: unknown[] = [], name?: string): PgQuery {
  return { text, values, rowMode: 'array', types: AS_TEXT, ...(name !== undefined && { name }) };
}
