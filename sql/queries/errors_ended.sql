-- Of errors that were unresolved, those that are no more: resolved, or gone. One look by key each.
-- $1 keys: their keys.
SELECT
  coalesce(array_agg(k.id) FILTER (WHERE (
    SELECT count(*) FROM {pipeline_errors(id, resolved?)} AS e WHERE e.id = k.id AND NOT e.resolved
  ) = 0), ARRAY[]::bigint[]) AS keys,
  now() AS now
FROM unnest($1) AS k (id)
