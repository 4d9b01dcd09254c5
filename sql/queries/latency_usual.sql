-- How latency was spread by stage in the same span of time, to the minute, on the same weekday of each of the four weeks before,
-- from the roll-ups by hour: of an hour that lies in it in part, so much of its events count. Bins as in latency_hours.
-- $1 seconds: how long the window is that is compared, a day at most.
WITH compared AS (
  SELECT w.week, now() - w.week * interval '7 days' AS until, now() - w.week * interval '7 days' - $1 * interval '1 second' AS since
  FROM generate_series(1, 4) AS w (week)
)
SELECT
  h.event_type, c.week, floor(16 * ln(10 * 2 ^ ((b.bin - 0.5) / 4)) / ln(2::float8))::int AS bin,
  -- The minutes of the hour that are compared; as all numbers are so many times too high, percentiles are right.
  sum(b.n * ceil(extract(epoch FROM least(h.bucket + interval '1 hour', c.until) - greatest(h.bucket, c.since)) / 60))::bigint AS n
FROM compared AS c
JOIN {event_hour(bucket, event_type, latency_histogram)} AS h
  ON h.bucket < c.until AND h.bucket > c.since - interval '1 hour'
CROSS JOIN LATERAL unnest(h.latency_histogram) WITH ORDINALITY AS b (n, bin)
WHERE b.n > 0
GROUP BY 1, 2, 3
