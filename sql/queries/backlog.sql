-- The pending events, the oldest first, by stage and by how long they wait: a bin is a 16th of an octave of milliseconds. For a
-- backlog of many.
-- $1 cap: events counted at most.
WITH pending AS MATERIALIZED (
  SELECT e.event_type, date_part('epoch', now() - e.created_at::timestamptz) AS age, e.created_at::timestamptz AS created_at
  FROM {pipeline_events(id, event_type, status, created_at) queued} AS e
  WHERE e.status IN {status pending}
  ORDER BY e.created_at
  LIMIT $1
)
SELECT
  coalesce(event_type, '') AS event_type,
  floor(16 * ln(greatest(age * 1000, 1)) / ln(2::float8))::int AS bin,
  count(*) AS pending,
  count(*) FILTER (WHERE age > 300) AS stuck,
  min(created_at) AS oldest,
  (SELECT count(*) FROM pending) >= $1 AS is_capped
FROM pending
GROUP BY 1, 2
