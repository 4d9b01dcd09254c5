-- The newest errors, those that are resolved or those that are not.
-- $1 limit: how many at most.
-- $2 resolved: whether they are.
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
FROM {pipeline_errors(id, event_id?, event_type, record_id?, error_message?, details?, execution?, severity?, resolved?, created_at)} AS e
WHERE e.resolved = $2
ORDER BY e.created_at DESC
LIMIT $1
