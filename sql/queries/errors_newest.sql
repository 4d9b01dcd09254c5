-- The newest errors, those that are resolved or those that are not.
-- $1 limit: how many at most.
-- $2 resolved: whether they are.
SELECT
  {part error_columns}
FROM {part errors}
WHERE e.resolved = $2
ORDER BY e.created_at DESC
LIMIT $1
