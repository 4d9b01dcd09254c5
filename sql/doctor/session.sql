-- What the server holds ready for our role.
-- $1 schema: the schema that holds the pipeline.
SELECT
  current_setting('server_version')::text AS version,
  current_setting('statement_timeout')::text AS statement_timeout,
  coalesce((
    SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'idle_session_timeout'), 0) AS idle_session_ms,
  (SELECT coalesce(array_agg(n.nspname || '.' || c.relname ORDER BY c.relname), '{}')
   FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname IN ($1, 'intake') AND c.relrowsecurity AND row_security_active(c.oid)) AS guarded
