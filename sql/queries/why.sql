-- What may keep events from being written or taken: triggers switched off, none that notifies, sessions that wait for a lock.
-- $1 schema: the schema that holds the pipeline.
WITH waiting AS (
  SELECT a.query_start FROM pg_catalog.pg_stat_activity AS a
  WHERE a.datname = current_database() AND a.wait_event_type = 'Lock' AND cardinality(pg_blocking_pids(a.pid)) > 0
)
SELECT
  coalesce((
    SELECT array_agg(c.relname::text || '.' || t.tgname::text ORDER BY c.relname, t.tgname)
    FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE NOT t.tgisinternal AND n.nspname IN ($1, 'intake') AND t.tgenabled NOT IN ('O', 'A')), ARRAY[]::text[]) AS switched_off,
  EXISTS (
    SELECT FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND n.nspname IN ($1, 'intake') AND t.tgenabled IN ('O', 'A') AND p.prosrc ILIKE '%notify%') AS notifies,
  (SELECT count(*) FROM waiting) AS waiting,
  coalesce((SELECT extract(epoch FROM max(now() - w.query_start))::bigint FROM waiting AS w), 0) AS longest_s
