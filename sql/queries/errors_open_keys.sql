-- The keys of unresolved errors before a key, the highest first: what is checked in one round.
-- $1 before: the key, or NULL for the newest.
-- $2 limit: how many at most.
SELECT coalesce(array_agg(e.id::bigint ORDER BY e.id DESC), ARRAY[]::bigint[]) AS keys, now() AS now
FROM (
  SELECT e.id FROM {pipeline_errors(id, resolved?)} AS e
  WHERE e.id < coalesce($1, 9223372036854775807) AND NOT e.resolved
  ORDER BY e.id DESC LIMIT $2
) AS e
