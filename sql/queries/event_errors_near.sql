-- The errors of one event, newest first, among so many from a key on: no more rows are looked at. Those that name it, and those of
-- its stage and record.
-- $1 event_type: the stage.
-- $2 record: the record, or NULL.
-- $3 id: the event's key, as text.
-- $4 first: the key.
-- $5 limit: how many rows are looked at.
SELECT
  {part error_columns}
FROM (
  SELECT n.*
  FROM {pipeline_errors(id, event_id?, event_type, record_id?, error_message?, details?, execution?, severity?, resolved?, resolved_at?, created_at)} AS n
  WHERE n.id >= $4 ORDER BY n.id LIMIT $5
) AS e
WHERE e.event_id = $3::{type pipeline_events.id} OR (e.event_type = $1 AND e.record_id = $2)
ORDER BY e.created_at DESC
LIMIT 20
