-- The keys of the events in some ranges, and how many rows another range has, as one snapshot sees them.
-- $1 lows, $2 highs: the ranges, both ends included. $3 limit: keys of each range at most.
-- $4 from, $5 to: the range that is recounted.
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
