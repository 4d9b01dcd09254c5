-- The other events of one record, newest first, among so many before and after one of them by key: no more rows are looked at.
-- $1 record: the record.
-- $2 id: the key of the one we have.
-- $3 around: when that one was written.
-- $4 limit: how many rows are looked at to each side.
SELECT
  e.id::text AS id,
  coalesce(e.event_type, '') AS event_type,
  coalesce(e.status::text, '') AS status,
  coalesce(e.created_at::timestamptz, 'epoch') AS created_at,
  e.processed_at::timestamptz AS processed_at,
  coalesce(e.retry_count, 0)::bigint AS retry_count,
  left({record e}, 256) AS record,
  left({subject e}, 256) AS subject,
  left(e.error_message, 1024) AS error_message,
  left(e.execution, 64) AS execution
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
