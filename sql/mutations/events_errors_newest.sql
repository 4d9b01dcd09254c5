-- The newest error of each of these events, of those written since a moment and among the newest 20,000, where no index on time
-- finds them: one that names it, else one of its stage and record.
-- $1 ids: their keys, as text.
-- $2 since: the moment.
WITH wanted AS MATERIALIZED (
  SELECT e.id, e.event_type, {record e} AS record_id
  FROM {pipeline_events(id, event_type, raw)} AS e
  WHERE e.id = ANY ($1::{type pipeline_events.id}[])
), newest AS MATERIALIZED (
  SELECT p.event_id, p.event_type, p.record_id, p.error_message, p.created_at
  FROM {pipeline_errors(id, event_id?, event_type, record_id?, error_message?, created_at)} AS p
  ORDER BY p.id DESC
  LIMIT 20000
)
SELECT DISTINCT ON (found.id) found.id::text AS id, left(found.error_message, 1024) AS error_message
FROM (
  SELECT w.id, n.error_message, n.created_at FROM wanted AS w JOIN newest AS n ON n.event_id = w.id
  UNION ALL
  SELECT w.id, n.error_message, n.created_at
  FROM wanted AS w
  JOIN newest AS n ON n.event_id IS NULL AND n.event_type = w.event_type AND n.record_id = w.record_id
) AS found
WHERE found.error_message <> '' AND found.created_at >= $2
ORDER BY found.id, found.created_at DESC
