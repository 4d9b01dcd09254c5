-- Deletes some of the events that were processed before a moment though their keys lie among those of newer ones, unless an
-- unresolved error names them. One that is pending, in work or failed is never deleted; one that somebody is changing just now
-- is left alone.
-- $1 bound: the key from which on they lie, as text.
-- $2 limit: how many of them.
-- $3 before: the moment.
WITH old AS MATERIALIZED (
  SELECT e.id
  FROM {pipeline_events(id, status, created_at, processed_at)} AS e
  WHERE e.status::text IN {status processed} AND e.processed_at < $3 AND e.created_at < $3
    AND e.id >= $1::text::{type pipeline_events.id}
    AND NOT EXISTS (
      SELECT FROM {pipeline_errors?(event_id, resolved)} AS x WHERE x.event_id = e.id AND NOT x.resolved)
  LIMIT $2
  FOR UPDATE OF e SKIP LOCKED
), gone AS (
  DELETE FROM {table pipeline_events} AS e
  USING old
  WHERE e.{column pipeline_events.id} = old.id
  RETURNING old.id
)
SELECT
  (SELECT count(*) FROM old) AS looked,
  (SELECT count(*) FROM gone) AS deleted,
  NULL::text AS last
