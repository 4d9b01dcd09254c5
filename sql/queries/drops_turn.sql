-- What is new of the events since the last look, as the links of the cascade see them, in rows as those of drops; and what some
-- stretches of keys come to: how many rows in the place of a version, and the sum of their versions in that of a value. As one
-- snapshot sees it.
-- $1 stage: the event that has the field.
-- $2 field: the field of the payload; NULL for an event that nothing joins.
-- $3 lows: where the ranges begin that are read.
-- $4 highs: where they end, that key included.
-- $5 limits: rows of each at most, the lowest keys first.
-- $6 from: where the stretches begin that are counted.
-- $7 to: where they end, that key included.
-- $8 limit: rows of each at most.
SELECT
  NULL::bigint AS range, NULL::bigint AS id,
  date_part('epoch', now()) AS created, date_part('epoch', pg_postmaster_start_time()) AS ended,
  NULL::int AS state, NULL::bigint AS version, NULL::bigint AS field, NULL::bigint AS value
UNION ALL
SELECT -c.n, NULL, NULL, NULL, NULL, t.rows, NULL, t.versions
FROM unnest($6::bigint[], $7::bigint[]) WITH ORDINALITY AS c (low, high, n)
CROSS JOIN LATERAL (
  SELECT count(*) AS rows, sum(e.version::text::bigint)::bigint AS versions
  FROM (
    SELECT e.version, e.created_at
    FROM {pipeline_events(id, created_at, version)} AS e
    WHERE e.id >= c.low AND e.id <= c.high
    LIMIT $8
  ) AS e
  WHERE e.created_at > now() - interval '24 hours'
) AS t
UNION ALL
SELECT
  s.range, s.id,
  date_part('epoch', s.created_at::timestamptz),
  date_part('epoch', coalesce(s.processed_at, s.created_at)::timestamptz),
  CASE WHEN s.status IN {status processed} THEN 1 WHEN s.status IN {status pending} OR s.status IN {status processing} THEN 0 END,
  s.version::text::bigint,
  f.n,
  hashtextextended(nullif({field f.field s}, ''), 0)
FROM (
  SELECT r.n AS range, e.*
  FROM unnest($3::bigint[], $4::bigint[], $5::bigint[]) WITH ORDINALITY AS r (low, high, most, n)
  CROSS JOIN LATERAL (
    SELECT e.id::bigint AS id, e.event_type, e.status, e.raw, e.created_at, e.processed_at, e.version
    FROM {pipeline_events(id, event_type, status, raw, created_at, processed_at?, version)} AS e
    WHERE e.id >= r.low AND e.id <= r.high
    ORDER BY e.id
    LIMIT r.most
  ) AS e
) AS s
LEFT JOIN unnest($1::text[], $2::text[]) WITH ORDINALITY AS f (stage, field, n)
  ON f.stage = s.event_type AND s.created_at > now() - interval '24 hours'
