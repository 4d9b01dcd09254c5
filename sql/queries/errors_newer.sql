-- Errors, resolved or not, after a key, the lowest key first.
-- $1 after: the key.
-- $2 limit: how many at most.
SELECT
  {part error_columns}
FROM {part errors}
WHERE e.id > $1
ORDER BY e.id
LIMIT $2
