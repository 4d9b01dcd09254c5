-- The errors of one event: those that name it, and those of its stage and record; newest first.
-- $1 event_type: the stage.
-- $2 record: the record, or NULL.
-- $3 id: the event's key, as text.
SELECT
  {part error_columns}
FROM {part errors}
WHERE e.event_id = $3::{type pipeline_events.id} OR (e.event_type = $1 AND e.record_id = $2)
ORDER BY e.created_at DESC
LIMIT 20
