-- The newest events, whatever became of them.
-- $1 limit: how many at most.
SELECT
  n.id::text AS id,
  coalesce(n.event_type, '') AS event_type,
  coalesce(n.status::text, '') AS status,
  coalesce(n.created_at::timestamptz, n.processed_at::timestamptz, 'epoch') AS created_at,
  n.processed_at::timestamptz AS processed_at,
  coalesce(n.retry_count, 0)::bigint AS retry_count,
  left({record n}, 256) AS record,
  left({subject n}, 256) AS subject,
  left(n.error_message, 1024) AS error_message,
  left(n.execution, 64) AS execution
FROM {pipeline_events(id, event_type, status, raw?, error_message?, retry_count?, created_at, processed_at?, execution?)} AS n
ORDER BY {newest n}
LIMIT $1
