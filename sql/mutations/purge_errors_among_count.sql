-- How many errors were resolved before a moment though their keys lie among those of newer ones, up to a limit.
-- $1 before: the moment.
-- $2 bound: the key from which on they lie, as text.
-- $3 limit: counting ends there.
SELECT count(*) AS n
FROM (
  SELECT
  FROM {pipeline_errors(id, resolved, resolved_at, created_at)} AS e
  WHERE e.resolved AND e.resolved_at < $1 AND e.created_at < $1
    AND e.id >= $2::text::{type pipeline_errors.id}
  LIMIT $3
) AS old
