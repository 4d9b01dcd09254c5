-- The newest error of each of these events, of those written since a moment: one that names it, else one of its stage and
-- record.
-- $1 ids: their keys, as text.
-- $2 since: the moment.
WITH wanted AS MATERIALIZED (
  SELECT e.id, e.event_type, {record e} AS record_id
  FROM {pipeline_events(id, event_type, raw)} AS e
  WHERE e.id = ANY ($1::{type pipeline_events.id}[])
), recent AS MATERIALIZED (
  SELECT p.event_id, p.event_type, p.record_id, p.error_message, p.created_at
  FROM {pipeline_errors(event_id?, event_type, record_id?, error_message?, created_at)} AS p
  WHERE p.created_at >= $2
  ORDER BY p.created_at DESC
  LIMIT 20000
)
{part newest_errors}
