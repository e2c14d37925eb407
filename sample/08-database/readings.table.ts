/**
 * `xid` is the transaction that wrote a row: with it the rows have an order in which none comes after those that are read
 * already, as `id` alone does not. The trigger tells of rows whoever inserts them. One statement, as PGlite takes it.
 */
export const CREATE_READINGS = `
  DO $do$ BEGIN
    IF to_regclass('sample_readings') IS NULL THEN
      CREATE TABLE sample_readings (
        id bigserial PRIMARY KEY,
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        at timestamptz NOT NULL DEFAULT now(),
        sensor text NOT NULL,
        celsius double precision NOT NULL,
        source text NOT NULL DEFAULT 'SQL'
      );
      -- A new table has no number of an older one, which a page may come back with.
      PERFORM setval('sample_readings_id_seq', (extract(epoch FROM now()) * 1000)::bigint);
      CREATE INDEX ON sample_readings (xid, id);
      CREATE INDEX ON sample_readings (at);
      CREATE FUNCTION tell_sample_readings() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_notify('sample_readings', '');
          RETURN NULL;
        END $$;
      CREATE TRIGGER tell AFTER INSERT ON sample_readings
        FOR EACH STATEMENT EXECUTE FUNCTION tell_sample_readings();
    END IF;
  END $do$`;

/** What a page gets that comes for the first time. Rows of transactions that may still be overtaken wait. */
export const READINGS_OF_THE_LAST_MINUTE = `
  SELECT * FROM sample_readings
  WHERE at > now() - interval '1 minute' AND xid < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY xid, id`;

export const READINGS_AFTER = `
  SELECT * FROM sample_readings
  WHERE (xid, id) > ($1::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY xid, id
  LIMIT 500`;

/** Whether a page can go on where it left off. */
export const READING_EXISTS = `SELECT FROM sample_readings WHERE xid = $1::xid8 AND id = $2::bigint`;

export const INSERT_READINGS = `
  INSERT INTO sample_readings (at, sensor, celsius, source)
  SELECT coalesce(at, now()), sensor, celsius, source
  FROM jsonb_to_recordset($1::text::jsonb) AS new (at timestamptz, sensor text, celsius double precision, source text)
  RETURNING xid, id`;

export const DELETE_OLD_READINGS = `DELETE FROM sample_readings WHERE at < now() - interval '10 minutes'`;
