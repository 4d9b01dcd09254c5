-- The payloads behind errors, for what a filter asks of them: of the event that an error names, else of the newest of its
-- stage and record within a day before it.
-- $1 keys: the errors' keys, as text.
-- $2 most: characters of a payload that are read.
WITH wanted AS (
  SELECT p.id, p.event_id, p.event_type, p.record_id, p.created_at
  FROM {pipeline_errors(id, event_id?, event_type, record_id?, created_at)} AS p
  WHERE p.id = ANY ($1::{type pipeline_errors.id}[])
), behind AS (
  SELECT w.id AS error, e.id AS event FROM wanted AS w JOIN {pipeline_events(id)} AS e ON e.id = w.event_id
  UNION ALL
  (SELECT DISTINCT ON (w.id) w.id, e.id
   FROM wanted AS w
   JOIN {pipeline_events(id, event_type, raw, created_at)} AS e ON e.event_type = w.event_type AND {record e} = w.record_id
     AND e.created_at BETWEEN w.created_at - interval '1 day' AND w.created_at + interval '1 second'
   WHERE w.event_id IS NULL
   ORDER BY w.id, e.created_at DESC)
)
SELECT b.error::text AS error_id, coalesce(left(e.payload, $2::int), '') AS payload
FROM behind AS b
JOIN {pipeline_events(id, payload)} AS e ON e.id = b.event
