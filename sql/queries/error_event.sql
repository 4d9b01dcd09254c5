-- The newest event of a stage and a record that was written before an error of it.
-- $1 event_type: the stage.
-- $2 record: the record.
-- $3 at: when the error came.
SELECT e.id::text AS id
FROM {pipeline_events(id, event_type, raw, created_at)} AS e
WHERE e.event_type = $1 AND {record e} = $2
  AND e.created_at BETWEEN $3 - interval '1 day' AND $3 + interval '1 second'
ORDER BY e.created_at DESC
LIMIT 1
