-- Unresolved errors after a key, the lowest key first.
-- $1 after: the key, or NULL for the oldest.
-- $2 limit: how many at most.
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
WHERE e.id > coalesce($1, -9223372036854775808) AND NOT e.resolved
ORDER BY e.id
LIMIT $2
