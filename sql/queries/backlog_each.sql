-- The pending events, the oldest first, by stage and one by one: when each was written, s since 1970. For a backlog of few, of which
-- this costs less than to add it up.
-- $1 limit: events at most.
SELECT
  e.event_type,
  date_part('epoch', now()) AS now,
  array_agg(e.created) AS created
FROM (
  SELECT coalesce(e.event_type, '') AS event_type, date_part('epoch', e.created_at::timestamptz) AS created
  FROM {pipeline_events(id, event_type, status, created_at) queued} AS e
  WHERE e.status IN {status pending}
  ORDER BY e.created_at
  LIMIT $1
) AS e
GROUP BY 1
