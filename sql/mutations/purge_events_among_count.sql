-- How many events were processed before a moment though their keys lie among those of newer ones, up to a limit.
-- $1 before: the moment.
-- $2 bound: the key from which on they lie, as text.
-- $3 limit: counting ends there.
SELECT count(*) AS n
FROM (
  SELECT
  FROM {pipeline_events(id, status, created_at, processed_at)} AS e
  WHERE e.status::text IN {status processed} AND e.processed_at < $1 AND e.created_at < $1
    AND e.id >= $2::text::{type pipeline_events.id}
  LIMIT $3
) AS old
