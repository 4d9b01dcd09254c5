-- Events of these stages that were tried again and have ended, the newest 200 of the newest 20,000 events.
-- $1 stages: their names.
SELECT e.id::text AS id, e.event_type AS stage, e.status::text AS status
FROM (
  SELECT e.id, e.event_type, e.status, e.retry_count, e.created_at
  FROM {pipeline_events(id, event_type, status, retry_count, created_at?)} AS e
  ORDER BY {newest e}
  LIMIT 20000
) AS e
WHERE e.event_type = ANY ($1) AND e.retry_count > 0 AND (e.status IN {status processed} OR e.status IN {status failed})
ORDER BY {newest e}
LIMIT 200
