-- How events of the last 24 hours went that were tried again, by stage and record; of the newest events no more are looked at.
-- $1 limit: how many at most.
-- $2 newest: how many events are looked at.
SELECT
  coalesce(e.event_type, '') AS event_type,
  coalesce(e.status::text, '') AS status,
  left({record e}, 256) AS record
FROM (
  SELECT n.*
  FROM {pipeline_events(id, event_type, status, raw, retry_count, created_at)} AS n
  ORDER BY {newest n}
  LIMIT $2
) AS e
WHERE e.created_at > now() - interval '24 hours' AND e.retry_count > 0
  AND (e.status IN {status processed} OR e.status IN {status failed})
LIMIT $1
