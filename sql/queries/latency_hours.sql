-- Latency by stage over a week or a month, from the roll-ups by hour: spread over slots of time and bins, and what was open
-- when they were made. Bins grow by the 16th root of 2 from 1 ms; those of the roll-ups, 4 an octave from 10 ms, fall into
-- the one of their middle.
-- $1 seconds: how long the window is.
-- $2 slot: how long a slot of it is, s.
WITH hour AS MATERIALIZED (
  SELECT
    h.event_type, h.n_open, h.latency_sum, h.latency_max, h.latency_histogram, h.bucket,
    least(greatest(floor(($1 - extract(epoch FROM now() - h.bucket)::float8) / $2), 0), $1 / $2 - 1)::int AS slot
  FROM {event_hour(bucket, event_type, n_open, latency_sum, latency_max, latency_histogram)} AS h
  WHERE h.bucket > now() - $1 * interval '1 second'
)
SELECT
  1 AS kind, event_type, slot, floor(16 * ln(10 * 2 ^ ((b.bin - 0.5) / 4)) / ln(2::float8))::int AS bin, sum(b.n)::bigint AS n,
  NULL::float8 AS sum_ms, NULL::float8 AS max_ms
FROM hour
CROSS JOIN LATERAL unnest(latency_histogram) WITH ORDINALITY AS b (n, bin)
WHERE b.n > 0
GROUP BY 2, 3, 4
UNION ALL
SELECT 2, event_type, NULL, NULL, sum((SELECT sum(n) FROM unnest(latency_histogram) AS n))::bigint, sum(latency_sum) * 1000, max(latency_max) * 1000
FROM hour
GROUP BY 2
UNION ALL
-- Open for the rest of its hour at least.
SELECT
  3, event_type, NULL,
  floor(16 * ln(greatest(extract(epoch FROM now() - bucket)::float8 * 1000 - 3600000, 1)) / ln(2::float8))::int,
  sum(n_open)::bigint, NULL, NULL
FROM hour
WHERE n_open > 0
GROUP BY 2, 4
UNION ALL
SELECT 0, '', NULL, NULL, NULL, extract(epoch FROM max(bucket) + interval '1 hour')::float8, NULL
FROM hour
