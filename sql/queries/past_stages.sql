-- How each stage stood at a moment: what waited, and what came and ended just before, of the newest events before it by key. A row a
-- stage, or one without any.
-- $1 at: the moment.
-- $2 limit: how many events are looked at.
-- $3 window: how long before it what came and ended is counted, s.
-- $4 below: the key below which they are.
WITH event AS MATERIALIZED (
  SELECT
    e.id, coalesce(e.event_type, '') AS event_type, e.status, e.retry_count,
    e.created_at::timestamptz AS created_at, e.processed_at::timestamptz AS processed_at
  FROM {pipeline_events(id, event_type, status, retry_count?, created_at, processed_at)} AS e
  WHERE e.id < $4 AND e.created_at <= $1
  ORDER BY e.id DESC
  LIMIT $2
), reach AS (
  -- The lowest key: a row that was put in later with an old time tells nothing of how far was looked.
  SELECT (SELECT count(*) FROM event) AS n, (SELECT created_at FROM event ORDER BY id LIMIT 1) AS since
), {part past_stages}
