-- The events with these keys.
-- $1 keys: the keys, as text.
SELECT
  {part event_columns e}
FROM {pipeline_events(id, event_type, status, raw?, error_message?, retry_count?, created_at, processed_at?, execution?)} AS e
WHERE e.id = ANY ($1::{type pipeline_events.id}[])
ORDER BY e.id
