-- Deletes some of the errors that were resolved before a moment though their keys lie among those of newer ones.
-- An unresolved one is never deleted; one that somebody is changing just now is left alone.
-- $1 bound: the key from which on they lie, as text.
-- $2 limit: how many of them.
-- $3 before: the moment.
WITH old AS MATERIALIZED (
  SELECT e.id
  FROM {pipeline_errors(id, resolved, resolved_at, created_at)} AS e
  WHERE e.resolved AND e.resolved_at < $3 AND e.created_at < $3
    AND e.id >= $1::text::{type pipeline_errors.id}
  LIMIT $2
  FOR UPDATE OF e SKIP LOCKED
), gone AS (
  DELETE FROM {table pipeline_errors} AS e
  USING old
  WHERE e.{column pipeline_errors.id} = old.id
  RETURNING old.id
)
SELECT
  (SELECT count(*) FROM old) AS looked,
  (SELECT count(*) FROM gone) AS deleted,
  NULL::text AS last
