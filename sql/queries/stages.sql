-- How each stage stands: backlog, flow and latency, with what is in flight as a lower bound of its latency.
-- $1 cap: pending events counted at most, the oldest first.
WITH pending AS MATERIALIZED (
  SELECT e.event_type, e.created_at
  FROM {pipeline_events(id, event_type, status, created_at) queued} AS e
  WHERE e.status IN {status pending}
  ORDER BY e.created_at
  LIMIT $1
), seen AS (
  SELECT event_type, created_at, NULL::timestamptz AS ended_at, true AS queued, false AS running, false AS processed
  FROM pending
  UNION ALL
  SELECT e.event_type, e.created_at, e.processed_at, false, e.status IN {status processing}, e.status IN {status processed}
  FROM {pipeline_events(id, event_type, status, created_at, processed_at?) recent} AS e
  WHERE e.created_at > now() - interval '24 hours'
), timed AS (
  SELECT
    seen.*,
    extract(epoch FROM ended_at - created_at)::float8 * 1000 AS took_ms,
    -- Twice the milliseconds, and one more where the event is still in flight: so a percentile says
    -- by its last bit what it fell on.
    CASE
      WHEN queued OR (running AND ended_at IS NULL)
        THEN greatest(extract(epoch FROM now() - created_at) * 1000, 0)::bigint * 2 + 1
      WHEN ended_at > now() - interval '1 hour'
        THEN greatest(extract(epoch FROM ended_at - created_at) * 1000, 0)::bigint * 2
    END AS latency
  FROM seen
)
SELECT
  coalesce(event_type, '') AS event_type,
  count(*) FILTER (WHERE queued) AS pending,
  (SELECT count(*) FROM pending) >= $1 AS pending_capped,
  count(*) FILTER (WHERE queued AND created_at < now() - interval '5 minutes') AS stuck,
  count(*) FILTER (WHERE running) AS processing,
  (min(created_at) FILTER (WHERE queued))::timestamptz AS oldest_pending,
  count(*) FILTER (WHERE NOT queued AND created_at > now() - interval '5 minutes') AS created_5m,
  count(*) FILTER (WHERE processed AND ended_at > now() - interval '5 minutes') AS processed_5m,
  count(*) FILTER (WHERE NOT queued AND created_at > now() - interval '1 hour') AS created_1h,
  count(*) FILTER (WHERE processed AND ended_at > now() - interval '1 hour') AS processed_1h,
  (max(ended_at) FILTER (WHERE processed))::timestamptz AS last_processed,
  count(took_ms) FILTER (WHERE created_at > now() - interval '1 hour') AS n,
  avg(took_ms) FILTER (WHERE created_at > now() - interval '1 hour') AS avg_ms,
  max(took_ms) FILTER (WHERE created_at > now() - interval '1 hour') AS max_ms,
  percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY latency) AS quantiles
FROM timed
GROUP BY 1
