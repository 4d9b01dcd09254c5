-- One event, whole.
-- $1 id: its key, as text.
SELECT
  {part event_columns e},
  coalesce(left(e.payload, 1048576), '') AS payload
FROM {pipeline_events(id, event_type, status, raw?, payload?, error_message?, retry_count?, created_at, processed_at?, execution?)} AS e
WHERE e.id = $1::{type pipeline_events.id}
