-- The events behind errors that name none, among so many before a key: the newest of the same stage and record within a day before
-- each. No more events are looked at, however few are found; how far that is comes with them.
-- $1 keys: the errors' keys, as text.
-- $2 before: the key.
-- $3 limit: how many events are looked at.
WITH wanted AS MATERIALIZED (
  SELECT p.id, p.event_type, p.record_id, p.created_at
  FROM {pipeline_errors(id, event_type, record_id?, created_at)} AS p
  WHERE p.id = ANY ($1::{type pipeline_errors.id}[])
), looked AS MATERIALIZED (
  SELECT e.id, e.event_type, e.raw, e.created_at
  FROM {pipeline_events(id, event_type, raw, created_at)} AS e
  WHERE e.id < $2
  ORDER BY e.id DESC
  LIMIT $3
), behind AS (
  SELECT DISTINCT ON (w.id) w.id AS error, l.id AS event
  FROM wanted AS w
  JOIN looked AS l ON l.event_type = w.event_type AND {record l} = w.record_id
    AND l.created_at BETWEEN w.created_at - interval '1 day' AND w.created_at + interval '1 second'
  ORDER BY w.id, l.created_at DESC
)
SELECT reach.lowest, reach.looked, reach.since, b.error::text AS error, b.event::text AS event
FROM (SELECT min(id)::bigint AS lowest, count(*) AS looked, min(created_at)::timestamptz AS since FROM looked) AS reach
LEFT JOIN behind AS b ON true
