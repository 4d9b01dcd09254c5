-- Unresolved errors before a key, the highest key first.
-- $1 before: the key, or NULL for the newest.
-- $2 limit: how many at most.
SELECT
  {part error_columns}
FROM {part errors}
WHERE e.id < coalesce($1, 9223372036854775807) AND NOT e.resolved
ORDER BY e.id DESC
LIMIT $2
