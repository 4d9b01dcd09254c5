-- The other events of one record, newest first, among so many before and after one of them by key: no more rows are looked at.
-- $1 record: the record.
-- $2 id: the key of the one we have.
-- $3 around: when that one was written.
-- $4 limit: how many rows are looked at to each side.
SELECT
  {part event_columns e}
FROM (
  (
    SELECT b.*
    FROM {pipeline_events(id, event_type, status, raw, error_message?, retry_count?, created_at, processed_at?, execution?)} AS b
    WHERE b.id < $2 ORDER BY b.id DESC LIMIT $4
  )
  UNION ALL
  (
    SELECT a.*
    FROM {pipeline_events(id, event_type, status, raw, error_message?, retry_count?, created_at, processed_at?, execution?)} AS a
    WHERE a.id > $2 ORDER BY a.id LIMIT $4
  )
) AS e
WHERE e.created_at BETWEEN $3 - interval '1 day' AND $3 + interval '1 day'
  AND {record e} = $1
ORDER BY e.created_at DESC
LIMIT 20
