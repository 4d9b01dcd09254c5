-- How each stage stood at a moment: what waited, and what came and ended just before, of the newest events before it. A row a stage,
-- or one without any.
-- $1 at: the moment.
-- $2 limit: how many events are looked at.
-- $3 window: how long before it what came and ended is counted, s.
WITH event AS MATERIALIZED (
  SELECT
    coalesce(e.event_type, '') AS event_type, e.status, e.retry_count,
    e.created_at::timestamptz AS created_at, e.processed_at::timestamptz AS processed_at
  FROM {pipeline_events(event_type, status, retry_count?, created_at, processed_at)} AS e
  WHERE e.created_at <= $1
  ORDER BY e.created_at DESC
  LIMIT $2
), reach AS (
  SELECT count(*) AS n, min(created_at) AS since FROM event
), {part past_stages}
