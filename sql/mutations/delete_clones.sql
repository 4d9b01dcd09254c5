-- Deletes clones that nobody has touched: each only while it is pending, retried no more than when it was written, and taken
-- by no run; one that somebody is changing just now is left alone. The retry counts of the old ones are taken back where
-- nothing else has counted since.
-- $1 ids: their keys, as text.
-- $2 ofs: the event that each is a clone of.
-- $3 retries: the retry count that both were left with.
WITH target AS MATERIALIZED (
  SELECT e.id, shown.of, shown.retries
  FROM unnest($1, $2, $3) AS shown (id, of, retries)
  JOIN {pipeline_events(id, status, retry_count?, execution?, raw)} AS e ON e.id = shown.id::{type pipeline_events.id}
  WHERE e.status::text IN {status pending} AND coalesce(e.retry_count, shown.retries) = shown.retries
    AND e.execution IS NULL AND {payload retry_of e} = shown.of
  FOR UPDATE OF e SKIP LOCKED
), gone AS (
  DELETE FROM {table pipeline_events} AS e
  USING target
  WHERE e.{column pipeline_events.id} = target.id
  RETURNING target.id, target.of, target.retries
), counted AS (
  UPDATE {table pipeline_events} AS e
  SET {column pipeline_events.status} = e.{column pipeline_events.status}
    {set pipeline_events.retry_count greatest(e.@ - 1, 0)}
  FROM gone
  JOIN {pipeline_events(id, retry_count?)} AS old ON old.id = gone.of::{type pipeline_events.id} AND old.retry_count = gone.retries
  WHERE e.{column pipeline_events.id} = old.id
)
SELECT gone.id::text AS id
FROM gone
