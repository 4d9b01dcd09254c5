-- The events behind errors: those they name, else the newest of the same stage and record within a day before.
-- $1 keys: the errors' keys, as text.
WITH wanted AS (
  SELECT p.id, p.event_id, p.event_type, p.record_id, p.created_at
  FROM {pipeline_errors(id, event_id?, event_type, record_id?, created_at)} AS p
  WHERE p.id = ANY ($1::{type pipeline_errors.id}[])
), behind AS (
  SELECT w.id AS error, e.id AS event FROM wanted AS w JOIN {pipeline_events(id)} AS e ON e.id = w.event_id
  UNION ALL
  (SELECT DISTINCT ON (w.id) w.id, e.id
   FROM wanted AS w
   JOIN {pipeline_events(id, event_type, raw, created_at)} AS e ON e.event_type = w.event_type AND {record e} = w.record_id
     AND e.created_at BETWEEN w.created_at - interval '1 day' AND w.created_at + interval '1 second'
   WHERE w.event_id IS NULL
   ORDER BY w.id, e.created_at DESC)
)
SELECT
  b.error::text AS error_id,
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
FROM behind AS b
JOIN {pipeline_events(id, event_type, status, raw, error_message?, retry_count?, created_at, processed_at?, execution?)} AS e ON e.id = b.event
ORDER BY e.id
