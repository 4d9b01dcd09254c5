-- How long records took through a phase of the cascade, from the event that starts it to the first end of its last event, over
-- those that ended in a window that ends now: how many, and the ten that took longest; how many have not ended, and how old the
-- oldest of them is; and percentiles over both, as twice the milliseconds, and one more where it falls on one that has not
-- ended. Looked at are the newest events.
-- $1 link: the link that each of these fields belongs to, by its number.
-- $2 stage: the event that has the field.
-- $3 is_child: whether that is the child's.
-- $4 pair: which of the pairs of fields that join the link.
-- $5 field: the field of the payload.
-- $6 first: the event that starts the phase.
-- $7 last: the event whose end ends it.
-- $8 seconds: how long the window is.
-- $9 newest: how many events are looked at.
WITH RECURSIVE event AS MATERIALIZED (
  SELECT
    e.id, e.event_type, e.raw, e.created_at::timestamptz AS created_at,
    CASE WHEN e.status IN {status processed} THEN e.processed_at::timestamptz END AS ended_at,
    e.status IN {status processed} OR e.status IN {status failed} AS is_over
  FROM {pipeline_events(id, event_type, status, raw, created_at, processed_at?)} AS e
  ORDER BY {newest e}
  LIMIT $9
), keyed AS MATERIALIZED (
  SELECT s.id, f.link, f.is_child, f.pair, s.created_at, nullif({field f.field s}, '') AS value
  FROM event AS s
  JOIN unnest($1::int[], $2::text[], $3::bool[], $4::int[], $5::text[]) AS f (link, stage, is_child, pair, field) ON f.stage = s.event_type
), joined AS MATERIALIZED (
  SELECT DISTINCT p.id AS parent, c.id AS child
  FROM keyed AS p
  JOIN keyed AS c ON c.link = p.link AND c.pair = p.pair AND c.value = p.value AND c.is_child AND NOT p.is_child AND c.created_at >= p.created_at
), walk AS (
  SELECT id AS root, id FROM event WHERE event_type = $6
  UNION
  SELECT walk.root, joined.child FROM walk JOIN joined ON joined.parent = walk.id
), record AS MATERIALIZED (
  SELECT
    walk.root, root.created_at AS began,
    min(e.ended_at) FILTER (WHERE e.event_type = $7) AS ended,
    bool_or(NOT e.is_over) AS is_in_flight
  FROM walk
  JOIN event AS root ON root.id = walk.root
  JOIN event AS e ON e.id = walk.id
  GROUP BY walk.root, root.created_at
), took AS (
  SELECT *, extract(epoch FROM ended - began)::float8 * 1000 AS ms
  FROM record
  WHERE ended >= began AND ended > now() - $8 * interval '1 second'
), slowest AS (
  SELECT * FROM took ORDER BY ms DESC LIMIT 10
), flight AS (
  SELECT extract(epoch FROM now() - began)::float8 * 1000 AS ms FROM record WHERE ended IS NULL AND is_in_flight AND began <= now()
), reach AS (
  SELECT count(*) >= $9 AND min(created_at) > now() - $8 * interval '1 second' AS is_cut FROM event
)
SELECT
  coalesce(left({record e}, 256), e.id::text) AS id, left({subject e}, 256) AS company, s.began, s.ended, s.ms,
  {part records_told},
  reach.is_cut
FROM reach
LEFT JOIN slowest AS s ON true
LEFT JOIN event AS e ON e.id = s.root
ORDER BY s.ms DESC
