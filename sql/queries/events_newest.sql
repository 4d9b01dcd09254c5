-- The newest events, whatever became of them.
-- $1 limit: how many at most.
SELECT
  {part event_columns n}
FROM {pipeline_events(id, event_type, status, raw?, error_message?, retry_count?, created_at, processed_at?, execution?)} AS n
ORDER BY {newest n}
LIMIT $1
