-- Which status words the events bear: the common ones by the planner's statistics, and those of the newest rows.
-- $1 schema: the schema of the events.
-- $2 table: their table.
-- $3 column: their status column.
SELECT DISTINCT word FROM (
  SELECT unnest(s.most_common_vals::text::text[]) AS word
  FROM pg_catalog.pg_stats s
  WHERE s.schemaname = $1 AND s.tablename = $2 AND s.attname = $3
  UNION ALL
  SELECT status::text
  FROM (SELECT e.status FROM {pipeline_events(id, status)} AS e ORDER BY e.id DESC LIMIT 2000) AS newest
) AS words
WHERE word <> ''
LIMIT 100
