-- Latency by stage over a window of the last hour or day, from the table itself: spread over slots of time and bins, and what
-- is in flight by its age. Bins grow by the 16th root of 2 from 1 ms.
-- $1 seconds: how long the window is.
-- $2 slot: how long a slot of it is, s.
-- $3 cap: pending events counted at most, the oldest first.
WITH pending AS MATERIALIZED (
  SELECT e.event_type, e.created_at
  FROM {pipeline_events(id, event_type, status, created_at) queued} AS e
  WHERE e.status IN {status pending}
  ORDER BY e.created_at
  LIMIT $3
), row AS (
  SELECT event_type, NULL::float8 AS written_ago, NULL::float8 AS ended_ago,
    extract(epoch FROM now() - created_at)::float8 * 1000 AS ms, true AS in_flight
  FROM pending
  UNION ALL
  SELECT
    e.event_type,
    extract(epoch FROM now() - e.created_at)::float8,
    extract(epoch FROM now() - e.processed_at)::float8,
    extract(epoch FROM coalesce(e.processed_at, now()) - e.created_at)::float8 * 1000,
    e.processed_at IS NULL
  FROM {pipeline_events(id, event_type, status, created_at, processed_at?) recent} AS e
  WHERE e.created_at > now() - interval '24 hours'
    AND (e.processed_at IS NOT NULL OR e.status IN {status processing})
)
SELECT
  1 AS kind, coalesce(event_type, '') AS event_type,
  least(greatest(floor(($1 - ended_ago) / $2), 0), $1 / $2 - 1)::int AS slot,
  floor(16 * ln(greatest(ms, 1)) / ln(2::float8))::int AS bin, count(*) AS n, NULL::float8 AS sum_ms, NULL::float8 AS max_ms
FROM row
WHERE NOT in_flight AND ended_ago < $1
GROUP BY 2, 3, 4
UNION ALL
SELECT 2, coalesce(event_type, ''), NULL, NULL, count(*), sum(ms), max(ms)
FROM row
WHERE NOT in_flight AND written_ago < $1
GROUP BY 2
UNION ALL
SELECT 3, coalesce(event_type, ''), NULL, floor(16 * ln(greatest(ms, 1)) / ln(2::float8))::int, count(*), NULL, NULL
FROM row
WHERE in_flight
GROUP BY 2, 4
UNION ALL
SELECT 0, '', NULL, NULL, NULL, extract(epoch FROM now())::float8, NULL
