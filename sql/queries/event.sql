-- One event, whole.
-- $1 id: its key, as text.
SELECT
  e.id::text AS id,
  coalesce(e.event_type, '') AS event_type,
  coalesce(e.status::text, '') AS status,
  coalesce(e.created_at::timestamptz, e.processed_at::timestamptz, 'epoch') AS created_at,
  e.processed_at::timestamptz AS processed_at,
  coalesce(e.retry_count, 0)::bigint AS retry_count,
  left({record e}, 256) AS record,
  left({subject e}, 256) AS subject,
  left(e.error_message, 1024) AS error_message,
  left(e.execution, 64) AS execution,
  coalesce(left(e.payload, 1048576), '') AS payload
FROM {pipeline_events(id, event_type, status, raw?, payload?, error_message?, retry_count?, created_at, processed_at?, execution?)} AS e
WHERE e.id = $1::{type pipeline_events.id}
