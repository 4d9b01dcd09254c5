-- How latency was spread by stage in the same span of time, to the minute, on the same weekday of each of the four weeks before,
-- from the roll-ups: by six hours where all of them are compared, else by hour. Of an hour that lies in it in part, so much of
-- its events count. Bins as in latency_hours.
-- $1 seconds: how long the window is that is compared, a day at most.
WITH span AS (
  SELECT w.week, now() - w.week * interval '7 days' AS until, now() - w.week * interval '7 days' - $1 * interval '1 second' AS since
  FROM generate_series(1, 4) AS w (week)
), compared AS MATERIALIZED (
  -- Where no six hours are whole, hours go on to the end.
  SELECT week, since, until, CASE WHEN whole < whole_until THEN whole ELSE until END AS whole,
    CASE WHEN whole < whole_until THEN whole_until ELSE until END AS whole_until
  FROM (
    SELECT span.*, to_timestamp(ceil(extract(epoch FROM since) / 21600) * 21600) AS whole,
      to_timestamp(floor(extract(epoch FROM until) / 21600) * 21600) AS whole_until
    FROM span
  ) AS s
)
SELECT s.event_type, c.week, s.bins, s.counts, 60 AS minutes
FROM compared AS c
JOIN {event_six_hours(bucket, event_type, bins, counts)} AS s ON s.bucket >= c.whole AND s.bucket < c.whole_until
UNION ALL
SELECT
  h.event_type, c.week, NULL, h.latency_histogram,
  -- Those of the hour that are compared: as all numbers are so many times too high, percentiles are right.
  ceil(extract(epoch FROM least(h.bucket + interval '1 hour', c.until) - greatest(h.bucket, c.since)) / 60)::int
FROM (
  SELECT week, since, until, since - interval '1 hour' AS first, whole AS last FROM compared
  UNION ALL
  SELECT week, since, until, whole_until - interval '1 microsecond', until FROM compared
) AS c
-- Looked up eight times; the planner would read all of them.
CROSS JOIN LATERAL (
  SELECT h.* FROM {event_hour(bucket, event_type, latency_histogram)} AS h WHERE h.bucket > c.first AND h.bucket < c.last OFFSET 0
) AS h
