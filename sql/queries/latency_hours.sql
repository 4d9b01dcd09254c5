-- Latency by stage over a week or a month, from the roll-ups: spread over slots of time and bins, by six hours, and at the
-- edge of the window by hour; and what was open when they were made. Bins are those of the roll-ups, 4 an octave from 10 ms.
-- $1 seconds: how long the window is.
-- $2 slot: how long a slot of it is, s.
WITH edge AS MATERIALIZED (
  SELECT since, to_timestamp(ceil(extract(epoch FROM since) / 21600) * 21600) AS whole
  FROM (SELECT now() - $1 * interval '1 second' AS since) AS s
)
SELECT
  1 AS kind, s.event_type AS event_type,
  -- Where the middle of the six hours lies.
  least(greatest(floor(($1 - extract(epoch FROM now() - s.bucket)::float8 + 10800) / $2), 0), $1 / $2 - 1)::int AS slot,
  s.bins AS bins, s.counts AS counts, s.latency_sum * 1000 AS sum_ms, s.latency_max * 1000 AS max_ms
FROM edge JOIN {event_six_hours(bucket, event_type, latency_sum, latency_max, bins, counts)} AS s ON s.bucket >= edge.whole
UNION ALL
SELECT 1, h.event_type, 0, NULL, h.latency_histogram, h.latency_sum * 1000, h.latency_max * 1000
FROM edge
JOIN {event_hour(bucket, event_type, latency_sum, latency_max, latency_histogram)} AS h ON h.bucket > edge.since AND h.bucket < edge.whole
UNION ALL
-- Open for the rest of its hour at least.
SELECT 3, h.event_type, NULL, NULL, ARRAY[sum(h.n_open)::bigint], NULL, extract(epoch FROM now() - h.bucket)::float8 * 1000 - 3600000
FROM edge JOIN {event_hour(bucket, event_type, n_open)} AS h ON h.bucket > edge.since
WHERE h.n_open > 0
GROUP BY h.event_type, h.bucket
UNION ALL
SELECT 0, '', NULL, NULL, NULL, extract(epoch FROM max(h.bucket) + interval '1 hour')::float8, NULL
FROM {event_hour(bucket, event_type)} AS h
