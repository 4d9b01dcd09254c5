-- The other events of one record, within a day of one of them, newest first.
-- $1 record: the record.
-- $2 id: the key of the one we have, as text.
-- $3 around: when that one was written.
SELECT
  {part event_columns e}
FROM {pipeline_events(id, event_type, status, raw, error_message?, retry_count?, created_at, processed_at?, execution?)} AS e
WHERE e.created_at BETWEEN $3 - interval '1 day' AND $3 + interval '1 day'
  AND {record e} = $1
  AND e.id <> $2::{type pipeline_events.id}
ORDER BY e.created_at DESC
LIMIT 20
