-- Deletes the errors of one page of keys that were resolved before a moment. An unresolved one is never deleted; one that
-- somebody is changing just now is left alone.
-- $1 after: the key after which the page begins, as text; NULL for the first.
-- $2 bound: the key at which it ends at last, as text; NULL where there is none.
-- $3 limit: how many keys are in it.
-- $4 before: the moment.
-- $5 among: whether the keys are those of newer rows: then only what was written before the moment too.
WITH page AS MATERIALIZED (
  SELECT e.id
  FROM {pipeline_errors(id)} AS e
  WHERE ($1::text IS NULL OR e.id > $1::text::{type pipeline_errors.id})
    AND ($2::text IS NULL OR e.id < $2::text::{type pipeline_errors.id})
  ORDER BY e.id
  LIMIT $3
), old AS MATERIALIZED (
  SELECT e.id
  FROM page
  JOIN {pipeline_errors(id, resolved, created_at?, resolved_at)} AS e ON e.id = page.id
  WHERE e.resolved AND e.resolved_at < $4 AND (NOT $5 OR e.created_at < $4)
  FOR UPDATE OF e SKIP LOCKED
), gone AS (
  DELETE FROM {table pipeline_errors} AS e
  USING old
  WHERE e.{column pipeline_errors.id} = old.id
  RETURNING old.id
)
SELECT
  (SELECT count(*) FROM page) AS looked,
  (SELECT count(*) FROM gone) AS deleted,
  (SELECT page.id::text FROM page ORDER BY page.id DESC LIMIT 1) AS last
