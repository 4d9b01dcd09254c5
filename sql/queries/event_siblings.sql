-- The other events of one record, within a day of one of them, newest first.
-- $1 record: the record.
-- $2 id: the key of the one we have, as text.
-- $3 around: when that one was written.
SELECT
  e.id::text AS id,
  coalesce(e.event_type, '') AS event_type,
  coalesce(e.status::text, '') AS status,
  coalesce(e.created_at::timestamptz, 'epoch') AS created_at,
  e.processed_at::timestamptz AS processed_at,
  coalesce(e.retry_count, 0)::bigint AS retry_count,
  left({record e}, 256) AS record,
  left({subject e}, 256) AS subject,
  left(e.error_message, 1024) AS error_message,
  left(e.execution, 64) AS execution
FROM {pipeline_events(id, event_type, status, raw, error_message?, retry_count?, created_at, processed_at?, execution?)} AS e
WHERE e.created_at BETWEEN $3 - interval '1 day' AND $3 + interval '1 day'
  AND {record e} = $1
  AND e.id <> $2::{type pipeline_events.id}
ORDER BY e.created_at DESC
LIMIT 20
