-- The keys of the events in some ranges, and how many rows another range has, as one snapshot sees them.
-- $1 lows: where the ranges begin.
-- $2 highs: where they end, that key included.
-- $3 limit: keys of each range at most.
-- $4 from: where the range begins that is recounted.
-- $5 to: where it ends, that key included.
SELECT
  pg_snapshot_xmin(s.now)::text::bigint AS xmin,
  pg_snapshot_xmax(s.now)::text::bigint AS xmax,
  (
    SELECT coalesce(array_agg(k.id), ARRAY[]::bigint[])
    FROM unnest($1, $2) AS r (low, high)
    CROSS JOIN LATERAL (
      SELECT e.id::bigint AS id
      FROM {pipeline_events(id)} AS e
      WHERE e.id >= r.low AND e.id <= r.high
      ORDER BY e.id
      LIMIT $3
    ) AS k
  ) AS keys,
  (SELECT count(*) FROM {pipeline_events(id)} AS e WHERE e.id >= $4 AND e.id <= $5) AS counted
FROM (SELECT pg_current_snapshot() AS now) AS s
