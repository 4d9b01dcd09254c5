-- The newest event of a stage and a record among so many before a key, and before an error of it: no more rows are looked at.
-- $1 event_type: the stage.
-- $2 record: the record.
-- $3 at: when the error came.
-- $4 before: the key.
-- $5 limit: how many rows are looked at.
SELECT e.id::text AS id
FROM (
  SELECT n.*
  FROM {pipeline_events(id, event_type, raw, created_at)} AS n
  WHERE n.id < $4 ORDER BY n.id DESC LIMIT $5
) AS e
WHERE e.event_type = $1 AND {record e} = $2
  AND e.created_at BETWEEN $3 - interval '1 day' AND $3 + interval '1 second'
ORDER BY e.created_at DESC
LIMIT 1
