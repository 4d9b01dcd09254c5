-- How many events of each of these stages have not ended; in a large table whose keys are in order, among its newest rows: no more
-- are looked at, whatever index there is.
-- $1 stages: their names.
-- $2 first: the key from which on rows are looked at, as text; NULL for all.
WITH open AS MATERIALIZED (
  SELECT e.event_type
  FROM {pipeline_events(id, event_type, status)} AS e
  WHERE ($2::text IS NULL OR e.id >= $2::text::{type pipeline_events.id})
    AND (e.status IN {status pending} OR e.status IN {status processing})
)
SELECT stage.name AS stage, count(open.event_type) AS unended
FROM unnest($1) AS stage (name)
LEFT JOIN open ON open.event_type = stage.name
GROUP BY 1
