stage AS (
  SELECT
    e.event_type,
    count(*) FILTER (WHERE e.waited) AS waiting,
    count(*) FILTER (WHERE e.waited AND e.retries > 0) AS retried,
    min(e.created_at) FILTER (WHERE e.waited) AS oldest,
    count(*) FILTER (WHERE e.created_at > $1 - $3 * interval '1 second') AS arrived,
    count(*) FILTER (WHERE e.ended AND e.processed) AS done,
    count(*) FILTER (WHERE e.ended AND e.failed) AS failed,
    avg(e.took_ms) FILTER (WHERE e.ended AND e.processed) AS avg_ms,
    max(e.took_ms) FILTER (WHERE e.ended AND e.processed) AS max_ms
  FROM (
    SELECT
      e.event_type, e.created_at, coalesce(e.retry_count, 0) AS retries,
      -- What has an end without a time ended nobody knows when; what was put back may have kept the time of an earlier end.
      e.processed_at > $1 OR e.status IN {status pending} OR e.status IN {status processing} AS waited,
      e.processed_at > $1 - $3 * interval '1 second' AND e.processed_at <= $1 AS ended,
      e.status IN {status processed} AS processed,
      e.status IN {status failed} AS failed,
      extract(epoch FROM e.processed_at - e.created_at)::float8 * 1000 AS took_ms
    FROM event AS e
  ) AS e
  GROUP BY e.event_type
)
SELECT
  s.event_type, s.waiting, s.retried, s.oldest, s.arrived, s.done, s.failed, s.avg_ms, s.max_ms,
  CASE WHEN reach.n >= $2 THEN reach.since END AS since
FROM reach
LEFT JOIN stage AS s ON true
