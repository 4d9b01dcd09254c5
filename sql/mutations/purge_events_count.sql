-- How many events were processed before a moment, up to a limit.
-- $1 before: the moment.
-- $2 bound: a key before which all of them lie, as text, or NULL.
-- $3 limit: counting ends there.
SELECT count(*) AS n
FROM (
  SELECT
  FROM {pipeline_events(id, status, processed_at)} AS e
  WHERE e.status::text IN {status processed} AND e.processed_at < $1
    AND ($2::text IS NULL OR e.id < $2::text::{type pipeline_events.id})
  LIMIT $3
) AS old
