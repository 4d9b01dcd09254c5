-- Latency by stage over a week or a month, from the roll-ups, by six hours, and at the edge of the window by hour; and what was
-- open when they were made. Bins are those of the roll-ups, 4 an octave from 10 ms. Of the six hours only those that are new or
-- may have changed since an earlier read come, for there are thousands, and of these only some are looked at.
-- $1 seconds: how long the window is.
-- $2 snapshot: what that read saw, or NULL to get all that are looked at.
-- $3 lows: where the ranges begin that are looked at, s since 1970.
-- $4 highs: where they end, that moment not included.
WITH edge AS MATERIALIZED (
  SELECT since, to_timestamp(ceil(extract(epoch FROM since) / 21600) * 21600) AS whole
  FROM (SELECT now() - $1 * interval '1 second' AS since) AS s
), s AS MATERIALIZED (
  SELECT
    now.snapshot::text AS snapshot,
    -- By another server than this, or from a newer state of it.
    $2 IS NULL OR pg_snapshot_xmax($2::pg_snapshot) > pg_snapshot_xmax(now.snapshot) AS is_all,
    age(pg_snapshot_xmin($2::pg_snapshot)::xid) AS reach
  FROM (SELECT pg_current_snapshot() AS snapshot) AS now
)
SELECT
  0 AS kind, '' AS event_type, extract(epoch FROM edge.whole)::float8 AS bucket, NULL AS bins,
  -- How many six hours there are, whether they come or not; and 1 where what was read before is of another state.
  ARRAY[(SELECT count(*) FROM {event_six_hours(bucket)} AS h WHERE h.bucket >= edge.whole), s.is_all::int] AS counts,
  NULL::float8 AS sum_ms, NULL::float8 AS max_ms,
  s.snapshot AS snapshot,
  extract(epoch FROM now())::float8 AS clock,
  -- Where the roll-ups end.
  extract(epoch FROM (SELECT max(h.bucket) FROM {event_hour(bucket, event_type)} AS h) + interval '1 hour')::float8 AS until
FROM edge CROSS JOIN s
UNION ALL
SELECT
  1, h.event_type, extract(epoch FROM h.bucket)::float8, h.bins, h.counts, h.latency_sum * 1000, h.latency_max * 1000, NULL, NULL, NULL
FROM edge CROSS JOIN s CROSS JOIN unnest($3, $4) AS r (low, high)
CROSS JOIN LATERAL (
  SELECT h.*
  FROM {event_six_hours(bucket, event_type, latency_sum, latency_max, bins, counts, version)} AS h
  WHERE h.bucket >= greatest(edge.whole, to_timestamp(r.low)) AND h.bucket < to_timestamp(r.high)
    AND (s.is_all OR age(h.version) <= s.reach)
  -- By index: of most rows nothing is wanted.
  OFFSET 0
) AS h
UNION ALL
SELECT 2, h.event_type, NULL, NULL, h.latency_histogram, h.latency_sum * 1000, h.latency_max * 1000, NULL, NULL, NULL
FROM edge
JOIN {event_hour(bucket, event_type, latency_sum, latency_max, latency_histogram)} AS h ON h.bucket > edge.since AND h.bucket < edge.whole
UNION ALL
-- Open for the rest of its hour at least.
SELECT
  3, h.event_type, NULL, NULL, ARRAY[sum(h.n_open)::bigint], NULL, extract(epoch FROM now() - h.bucket)::float8 * 1000 - 3600000,
  NULL, NULL, NULL
FROM edge JOIN {event_hour(bucket, event_type, n_open)} AS h ON h.bucket > edge.since
WHERE h.n_open > 0
GROUP BY h.event_type, h.bucket
