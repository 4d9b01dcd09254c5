-- How latency was spread by stage in the same hours of the same weekdays of the four weeks before, from the roll-ups by hour.
-- Bins as in latency_hours.
-- $1 seconds: how long the window is that is compared, a day at most.
WITH hour AS (
  SELECT date_trunc('hour', now() - interval '30 minutes') AS last
)
SELECT
  h.event_type, w.week, floor(16 * ln(10 * 2 ^ ((b.bin - 0.5) / 4)) / ln(2::float8))::int AS bin, sum(b.n)::bigint AS n
FROM hour
CROSS JOIN generate_series(1, 4) AS w (week)
JOIN {event_hour(bucket, event_type, latency_histogram)} AS h
  ON h.bucket <= hour.last - w.week * interval '7 days'
 AND h.bucket > hour.last - w.week * interval '7 days' - $1 * interval '1 second'
CROSS JOIN LATERAL unnest(h.latency_histogram) WITH ORDINALITY AS b (n, bin)
WHERE b.n > 0
GROUP BY 1, 2, 3
