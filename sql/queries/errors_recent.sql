-- The newest unresolved errors, where keys are no numbers.
-- $1 limit: how many at most.
SELECT
  {part error_columns},
  now() AS now
FROM {part errors}
WHERE NOT e.resolved
ORDER BY e.created_at DESC
LIMIT $1
