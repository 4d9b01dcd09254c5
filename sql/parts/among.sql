SELECT
  min(e.id)::bigint AS lowest,
  max(e.id)::bigint AS highest,
  count(*) AS looked,
  min(e.created_at)::timestamptz AS since,
  coalesce(array_agg(e.id::bigint ORDER BY e.id @) FILTER (WHERE e.is_meant), ARRAY[]::bigint[]) AS keys
FROM looked AS e
