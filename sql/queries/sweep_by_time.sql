-- The events in some stretches of time, and how many others have, as one snapshot sees them: for keys that have no order.
-- $1 after: the moments above which events are read.
-- $2 after_key: of that very moment, those with higher keys than this one; NULL for none of them.
-- $3 up_to: the last moments; NULL for the present.
-- $4 limit: events of each stretch at most.
-- $5 from: moments above which events are counted.
-- $6 to: the last moments of those.
-- $7 shown: keys, as text, of events that are shown; those that are there no more are told.
SELECT
  now() AS now,
  ARRAY(
    SELECT (SELECT count(*) FROM {pipeline_events(created_at)} AS e WHERE e.created_at > c.low AND e.created_at <= c.high)
    FROM unnest($5::timestamptz[], $6::timestamptz[]) WITH ORDINALITY AS c (low, high, n)
    ORDER BY c.n
  ) AS counted,
  ARRAY(
    SELECT s.key FROM unnest($7::text[]) AS s (key)
    WHERE (SELECT count(*) FROM {pipeline_events(id)} AS e WHERE e.id = s.key::{type pipeline_events.id}) = 0
  ) AS gone,
  f.stretch, f.at, f.id
FROM (SELECT) AS one
LEFT JOIN LATERAL (
  SELECT r.n - 1 AS stretch, k.created_at::timestamptz AS at, k.id::text AS id
  FROM unnest($1::timestamptz[], $2::text[], $3::timestamptz[]) WITH ORDINALITY AS r (low, low_key, high, n)
  CROSS JOIN LATERAL (
    SELECT e.id, e.created_at
    FROM {pipeline_events(id, created_at)} AS e
    WHERE e.created_at >= r.low
      AND (e.created_at > r.low OR e.id > r.low_key::{type pipeline_events.id})
      AND e.created_at <= coalesce(r.high, now())
    ORDER BY e.created_at, e.id
    LIMIT $4
  ) AS k
  ORDER BY r.n, k.created_at, k.id
) AS f ON true
