-- The errors with these keys.
-- $1 keys: the keys, as text.
SELECT
  e.id::text AS id,
  coalesce(e.event_type, '') AS event_type,
  left(e.record_id, 256) AS record,
  coalesce(left(e.error_message, 4096), '') AS error_message,
  coalesce(e.severity, '') AS severity,
  coalesce(e.created_at::timestamptz, 'epoch') AS created_at,
  e.event_id::text AS event_id,
  left(e.execution, 64) AS execution,
  left(e.details, 4096) AS details,
  e.resolved,
  e.resolved_at::timestamptz AS resolved_at
FROM {pipeline_errors(id, event_id?, event_type, record_id?, error_message?, details?, execution?, severity?, resolved?, resolved_at?, created_at)} AS e
WHERE e.id = ANY ($1::{type pipeline_errors.id}[])
