/** Where the tables are. */
export interface PostgresTables {
  /** @default 'public' */
  readonly schema?: string | undefined;
  /** What the names of tables and functions begin with. @default 'sse_' */
  readonly prefix?: string | undefined;
}

/** Milliseconds that a key is recognised. */
export const DEDUPE_WINDOW = 120_000;
/** How long an event that the history has lost stays for those who listen and are about to read it. */
const LINGER = '10 seconds';
/** How long a topic is silent and empty before it is forgotten. */
const FORGET_AFTER = '7 days';
/** Fewest rows that a publication removes at once. */
const CHUNK = 64;
/** Topics whose events a sweep removes at once, so that no publication waits long for it. */
export const SWEEP_TOPICS = 100;
/** Bytes of payload, about, that one subscription reads at once; one event always. */
const PAGE_BYTES = 262_144;

/** Names and statements of a backplane's tables. */
export interface BackplaneSql {
  readonly channel: string;
  /** Makes everything that is not there. */
  readonly create: string;
  /** One row where everything is there: the epoch, and the server's encoding. */
  readonly check: string;
  readonly publish: string;
  readonly read: string;
  readonly poll: string;
  readonly sweep: string;
}

/**
 * The SQL that makes the tables and functions of `postgresBackplane()`, for those who run migrations themselves
 * (`createTables: false`). It changes nothing that is there, and may be run again.
 */
export function postgresBackplaneSql(tables: PostgresTables = {}): string {
  return backplaneSql(tables).create;
}

/**
 * A topic's row counts its events, and whoever publishes holds it until the end of the transaction: numbers have no gap and
 * are seen in their order. Rows of events after `swept` are there, those up to `floor` are no longer part of the history.
 * What age has taken is found by whoever reads.
 */
export function backplaneSql({ schema = 'public', prefix = 'sse_' }: PostgresTables): BackplaneSql {
  const name = (suffix: string): string => `"${schema}"."${prefix}${suffix}"`;
  const [meta, topics, events, keys] = [name('meta'), name('topics'), name('events'), name('keys')];
  const [publish, sweep] = [name('publish_1'), name('sweep_1')];
  const channel = `${schema}.${prefix}topics`;
  const nonceAt = (n: string, swept: string, sweptNonce: string): string =>
    `CASE WHEN ${n} = ${swept} THEN ${sweptNonce}
       ELSE (SELECT e.nonce FROM ${events} e WHERE e.topic_id = t.id AND e.n = ${n}) END`;

  const create = `
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('${channel}', 0));
CREATE TABLE IF NOT EXISTS ${meta} (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  epoch text NOT NULL,
  forgotten bigint NOT NULL DEFAULT 0,
  swept_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS ${topics} (
  topic text COLLATE "C" PRIMARY KEY,
  id bigint GENERATED ALWAYS AS IDENTITY,
  n bigint NOT NULL,
  bytes bigint NOT NULL DEFAULT 0,
  floor bigint NOT NULL,
  swept bigint NOT NULL,
  swept_nonce integer NOT NULL DEFAULT 0,
  max_age bigint NOT NULL DEFAULT 0,
  published_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE TABLE IF NOT EXISTS ${events} (
  topic_id bigint NOT NULL,
  n bigint NOT NULL,
  nonce integer NOT NULL,
  before bigint NOT NULL,
  at timestamptz NOT NULL,
  payload text NOT NULL,
  PRIMARY KEY (topic_id, n)
);
CREATE TABLE IF NOT EXISTS ${keys} (
  topic_id bigint NOT NULL,
  key uuid NOT NULL,
  n bigint NOT NULL,
  nonce integer NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (topic_id, key)
);
INSERT INTO ${meta} (epoch) VALUES (left(replace(gen_random_uuid()::text, '-', ''), 10)) ON CONFLICT DO NOTHING;

CREATE OR REPLACE FUNCTION ${publish}(
  in_topics text[], in_tags text[], in_counts integer[],
  in_max_events bigint[], in_max_bytes bigint[], in_max_ages bigint[],
  in_lengths integer[], in_keys uuid[], in_payloads bytea
) RETURNS TABLE (out_epoch text, out_n bigint, out_nonce text, is_duplicate boolean)
LANGUAGE plpgsql AS $function$
DECLARE
  t ${topics}%ROWTYPE;
  known ${keys}%ROWTYPE;
  moment timestamptz;
  item integer := 0;
  place integer := 1;
  written integer;
  salt integer;
  oldest bigint;
  chunk bigint;
BEGIN
  SELECT epoch INTO out_epoch FROM ${meta};
  IF out_epoch IS NULL THEN
    RAISE EXCEPTION 'The table ${prefix}meta is empty' USING ERRCODE = 'undefined_table';
  END IF;
  FOR i IN 1 .. cardinality(in_topics) LOOP
    LOOP
      SELECT * INTO t FROM ${topics} WHERE topic = in_topics[i] FOR UPDATE;
      EXIT WHEN FOUND;
      INSERT INTO ${topics} (topic, n, floor, swept)
        SELECT in_topics[i], m.forgotten, m.forgotten, m.forgotten FROM ${meta} m FOR SHARE
        ON CONFLICT DO NOTHING;
    END LOOP;
    -- After the lock, so that time does not run backwards within the topic.
    moment := clock_timestamp();
    written := 0;
    FOR j IN 1 .. in_counts[i] LOOP
      item := item + 1;
      place := place + coalesce(in_lengths[item - 1], 0);
      IF in_keys[item] IS NOT NULL THEN
        SELECT * INTO known FROM ${keys}
          WHERE topic_id = t.id AND key = in_keys[item] AND at > moment - interval '${DEDUPE_WINDOW} ms';
        IF FOUND THEN
          out_n := known.n;
          out_nonce := to_hex(known.nonce);
          is_duplicate := true;
          RETURN NEXT;
          CONTINUE;
        END IF;
      END IF;
      written := written + 1;
      salt := floor(random() * 4294967296)::bigint - 2147483648;
      t.n := t.n + 1;
      INSERT INTO ${events} VALUES (
        t.id, t.n, salt, t.bytes, moment, convert_from(substr(in_payloads, place, in_lengths[item]), 'UTF8')
      );
      t.bytes := t.bytes + in_lengths[item];
      IF in_keys[item] IS NOT NULL THEN
        INSERT INTO ${keys} AS k VALUES (t.id, in_keys[item], t.n, salt, moment)
          ON CONFLICT (topic_id, key) DO UPDATE SET n = EXCLUDED.n, nonce = EXCLUDED.nonce, at = EXCLUDED.at;
      END IF;
      out_n := t.n;
      out_nonce := to_hex(salt);
      is_duplicate := false;
      RETURN NEXT;
    END LOOP;
    CONTINUE WHEN written = 0;

    SELECT e.n INTO oldest FROM ${events} e
      WHERE e.topic_id = t.id AND e.n > greatest(t.floor, t.n - in_max_events[i])
        AND e.before >= t.bytes - in_max_bytes[i] AND e.at > moment - in_max_ages[i] * interval '1 ms'
      ORDER BY e.n LIMIT 1;
    t.floor := coalesce(oldest - 1, t.n);
    chunk := least(t.floor - t.swept, greatest(${CHUNK}, 2 * written));
    IF chunk >= ${CHUNK} THEN
      SELECT e.nonce INTO salt FROM ${events} e
        WHERE e.topic_id = t.id AND e.n = t.swept + chunk AND e.at < moment - interval '${LINGER}';
      IF FOUND THEN
        DELETE FROM ${events} e WHERE e.topic_id = t.id AND e.n > t.swept AND e.n <= t.swept + chunk;
        t.swept := t.swept + chunk;
        t.swept_nonce := salt;
      END IF;
    END IF;
    UPDATE ${topics} SET n = t.n, bytes = t.bytes, floor = t.floor, swept = t.swept, swept_nonce = t.swept_nonce,
      max_age = in_max_ages[i], published_at = moment WHERE topic = t.topic;
    PERFORM pg_notify('${channel}', in_tags[i] || ' ' || t.n);
  END LOOP;
END $function$;

CREATE OR REPLACE FUNCTION ${sweep}(in_interval interval) RETURNS integer LANGUAGE plpgsql AS $function$
DECLARE
  t ${topics}%ROWTYPE;
  moment timestamptz := clock_timestamp();
  last record;
  count integer := 0;
BEGIN
  -- One instance at a time; those that publish to a topic meanwhile go first.
  PERFORM 1 FROM ${meta} WHERE swept_at < moment - in_interval FOR UPDATE SKIP LOCKED;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  DELETE FROM ${keys} WHERE at < moment - interval '${DEDUPE_WINDOW} ms';
  FOR t IN
    SELECT * FROM ${topics} o
      WHERE o.swept < o.n AND o.published_at < moment - interval '${LINGER}' AND (o.swept < o.floor OR
        (SELECT e.at FROM ${events} e WHERE e.topic_id = o.id AND e.n = o.swept + 1) <= moment - o.max_age * interval '1 ms')
      LIMIT ${SWEEP_TOPICS} FOR UPDATE SKIP LOCKED
  LOOP
    SELECT e.n, e.nonce INTO last FROM ${events} e
      WHERE e.topic_id = t.id AND e.n > t.swept AND e.at < moment - interval '${LINGER}'
        AND (e.n <= t.floor OR e.at <= moment - t.max_age * interval '1 ms')
      ORDER BY e.n DESC LIMIT 1;
    CONTINUE WHEN NOT FOUND;
    DELETE FROM ${events} e WHERE e.topic_id = t.id AND e.n > t.swept AND e.n <= last.n;
    UPDATE ${topics} SET floor = greatest(floor, last.n), swept = last.n, swept_nonce = last.nonce WHERE topic = t.topic;
    count := count + 1;
  END LOOP;
  WITH gone AS (
    DELETE FROM ${topics} WHERE topic IN (
      SELECT o.topic FROM ${topics} o WHERE o.swept = o.n AND o.published_at < moment - interval '${FORGET_AFTER}'
        LIMIT ${SWEEP_TOPICS} FOR UPDATE SKIP LOCKED
    ) RETURNING n
  )
  UPDATE ${meta} SET forgotten = greatest(forgotten, (SELECT max(n) FROM gone));
  IF count < ${SWEEP_TOPICS} THEN
    UPDATE ${meta} SET swept_at = moment;
  END IF;
  RETURN count;
END $function$;
COMMIT;
`;

  // OFFSET 0 keeps each step from being written out again wherever the next ones name it.
  const read = `
SELECT r.i, m.epoch, d.verdict, b.n, to_hex(coalesce(${nonceAt('b.n', 'v.swept', 'v.swept_nonce')}, 0)), v.n, e.n, to_hex(e.nonce), e.payload
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::integer[])
  WITH ORDINALITY AS r(topic, mode, epoch, n, nonce, pending, size, i)
CROSS JOIN ${meta} m
LEFT JOIN ${topics} t ON t.topic = r.topic
CROSS JOIN LATERAL (SELECT
  coalesce(t.n, m.forgotten) AS n,
  coalesce(t.swept, m.forgotten) AS swept,
  coalesce(t.swept_nonce, 0) AS swept_nonce,
  CASE WHEN t.id IS NULL THEN m.forgotten ELSE coalesce(
    (SELECT a.n - 1 FROM ${events} a
      WHERE a.topic_id = t.id AND a.n > t.floor AND a.at > clock_timestamp() - t.max_age * interval '1 ms'
      ORDER BY a.n LIMIT 1), t.n) END AS floor
  OFFSET 0
) v
CROSS JOIN LATERAL (SELECT CASE
  WHEN r.mode <> 'after' THEN 'ok'
  WHEN r.epoch <> m.epoch OR r.n > v.n THEN 'reset'
  WHEN t.id IS NULL AND r.pending >= 0 THEN 'ok'
  WHEN r.n < v.swept THEN 'trimmed'
  WHEN to_hex(${nonceAt('r.n', 'v.swept', 'v.swept_nonce')}) IS DISTINCT FROM r.nonce THEN 'reset'
  WHEN r.n >= v.floor OR v.n - r.n <= r.pending THEN 'ok'
  ELSE 'trimmed' END AS verdict
  OFFSET 0
) d
CROSS JOIN LATERAL (SELECT CASE
  WHEN r.mode = 'tip' OR t.id IS NULL THEN v.n
  WHEN r.mode = 'after' AND d.verdict = 'ok' THEN r.n
  ELSE v.floor END AS n
  OFFSET 0
) b
LEFT JOIN LATERAL (
  SELECT f.before + ${PAGE_BYTES} AS bytes FROM ${events} f WHERE f.topic_id = t.id AND f.n > b.n ORDER BY f.n LIMIT 1
) l ON true
LEFT JOIN LATERAL (
  SELECT p.n, p.nonce, p.payload FROM ${events} p
    WHERE p.topic_id = t.id AND p.n > b.n AND p.before < l.bytes ORDER BY p.n LIMIT r.size
) e ON true
ORDER BY r.i, e.n`;

  return {
    channel,
    create,
    check: `SELECT epoch, current_setting('server_encoding') FROM ${meta}
      WHERE ${[topics, events, keys].map((table) => `to_regclass('${table}') IS NOT NULL`).join(' AND ')}
        AND to_regproc('${publish}') IS NOT NULL AND to_regproc('${sweep}') IS NOT NULL`,
    publish: `SELECT * FROM ${publish}($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    read,
    poll: `SELECT m.epoch, array(
      SELECT r.i - 1 FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS r(topic, n, nonce, i)
      LEFT JOIN ${topics} t ON t.topic = r.topic
      WHERE coalesce(t.n, m.forgotten) <> r.n OR (t.id IS NULL AND r.nonce <> '0'))::text FROM ${meta} m`,
    sweep: `SELECT ${sweep}($1::interval)`,
  };
}
