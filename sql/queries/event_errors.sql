-- The errors of one event: those that name it, and those of its stage and record; newest first.
-- $1 event_type: the stage.
-- $2 record: the record, or NULL.
-- $3 id: the event's key, as text.
SELECT
  e.id::text AS id,
  coalesce(e.event_type, '') AS event_type,
  left(e.record_id, 256) AS record,
  coalesce(left(e.error_message, 4096), '') AS error_message,
  coalesce(e.severity, '') AS severity,
  coalesce(e.created_at::timestamptz, 'epoch') AS created_at,
  e.event_id::text AS event_id,
  left(e.execution, 64) AS execution,
  left(e.details, 4096) AS details
FROM {pipeline_errors(id, event_id?, event_type, record_id?, error_message?, details?, execution?, severity?, created_at)} AS e
WHERE e.event_id = $3::{type pipeline_events.id} OR (e.event_type = $1 AND e.record_id = $2)
ORDER BY e.created_at DESC
LIMIT 20
