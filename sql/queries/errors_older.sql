-- Errors, resolved or not, before a key, the highest key first.
-- $1 before: the key, or NULL for the newest.
-- $2 limit: how many at most.
SELECT
  {part error_columns}
FROM {part errors}
WHERE e.id < coalesce($1, 9223372036854775807)
ORDER BY e.id DESC
LIMIT $2
