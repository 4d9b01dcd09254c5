-- Deletes test events that nobody has touched: each only while it is pending, never retried, taken by no run, and marked as
-- inserted by us; one that somebody is changing just now is left alone.
-- $1 ids: their keys, as text.
-- $2 who: who inserted them, and deletes them now.
WITH target AS MATERIALIZED (
  SELECT e.id
  FROM {pipeline_events(id, status, retry_count?, execution?, raw)} AS e
  WHERE e.id = ANY ($1::{type pipeline_events.id}[]) AND e.status::text IN {status pending} AND coalesce(e.retry_count, 0) = 0
    AND e.execution IS NULL AND {payload test e} = 'true' AND {payload inserted_by e} = $2
  FOR UPDATE OF e SKIP LOCKED
)
DELETE FROM {table pipeline_events} AS e
USING target
WHERE e.{column pipeline_events.id} = target.id
RETURNING target.id::text AS id
