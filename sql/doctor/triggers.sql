-- Every trigger on the tables of the pipeline, and the text of its function.
-- $1 schema: the schema that holds the pipeline.
SELECT
  n.nspname::text AS schema,
  c.relname::text AS "table",
  t.tgname::text AS name,
  t.tgenabled IN ('O', 'A') AS enabled,
  (t.tgtype & 4) <> 0 AS on_insert,
  (t.tgtype & 16) <> 0 AS on_update,
  p.prosrc AS source
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND n.nspname IN ($1, 'intake')
ORDER BY 1, 2, 3
LIMIT 500
