-- The newest error of each of these events, of those written since a moment and among the newest 20,000, where no index on time
-- finds them: one that names it, else one of its stage and record.
-- $1 ids: their keys, as text.
-- $2 since: the moment.
WITH wanted AS MATERIALIZED (
  SELECT e.id, e.event_type, {record e} AS record_id
  FROM {pipeline_events(id, event_type, raw)} AS e
  WHERE e.id = ANY ($1::{type pipeline_events.id}[])
), recent AS MATERIALIZED (
  SELECT p.*
  FROM (
    SELECT e.event_id, e.event_type, e.record_id, e.error_message, e.created_at
    FROM {pipeline_errors(id, event_id?, event_type, record_id?, error_message?, created_at)} AS e
    ORDER BY e.id DESC
    LIMIT 20000
  ) AS p
  WHERE p.created_at >= $2
)
{part newest_errors}
