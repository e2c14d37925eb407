import { commitOrder, type CommitPosition, type TailQueryOptions } from 'nestjs-sse-views/postgres';
import type { Pool } from 'pg';

/** A row of the table `entries`. */
export interface Entry extends CommitPosition {
  readonly n: number;
}

/** A table in commit order that tells of its rows on the channel `entries`. */
export const CREATE_ENTRIES = `
  CREATE TABLE entries (
    id bigserial PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    n integer NOT NULL
  );
  CREATE INDEX ON entries (xid, id);
  CREATE FUNCTION tell_entries() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_notify('entries', ''); RETURN NULL; END $$;
  CREATE TRIGGER tell AFTER INSERT ON entries FOR EACH STATEMENT EXECUTE FUNCTION tell_entries();
`;

/** The entries after a position of `commitOrder`. */
export const ENTRIES_AFTER = `
  SELECT id, xid, n FROM entries
  WHERE (xid, id) > ($1::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY xid, id LIMIT 200`;

/** What `tailQuery` needs to follow the entries in commit order. */
export function entriesOf(pool: Pool): TailQueryOptions<Entry> {
  return {
    connect: pool,
    listen: 'entries',
    query: (cursor) => pool.query<Entry>(ENTRIES_AFTER, commitOrder.parse(cursor)),
    cursorOf: commitOrder.cursorOf,
  };
}
