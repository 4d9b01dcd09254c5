-- The newest events that nobody has ended well.
-- $1 limit: how many at most.
SELECT
  {part event_columns n}
FROM {pipeline_events(id, event_type, status, raw?, error_message?, retry_count?, created_at, processed_at?, execution?)} AS n
WHERE coalesce(n.status::text, '') NOT IN {status processed}
ORDER BY {newest n}
LIMIT $1
