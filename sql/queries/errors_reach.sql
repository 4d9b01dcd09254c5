-- When the error came that stands so many after a key; nothing where there are not so many.
-- $1 first: the key.
-- $2 limit: how many.
SELECT (
  SELECT e.created_at::timestamptz FROM {pipeline_errors(id, created_at)} AS e WHERE e.id >= $1 ORDER BY e.id OFFSET $2 - 1 LIMIT 1
) AS until
