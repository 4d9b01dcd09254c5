-- How each link of the cascade stands, from a parent's event to its child's, and which parents are done and have no
-- child: a row each, or one where there is none. Looked at are the newest events; none of them is older than a day.
-- $1 link: the link that each of these fields belongs to, by its number.
-- $2 stage: the event that has the field.
-- $3 is_child: whether that is the child's.
-- $4 pair: which of the pairs of fields that join the link.
-- $5 field: the field of the payload; NULL where nothing joins the link.
-- $6 before: fields of a child that count in its place, with commas between, where the child has one of them.
-- $7 newest: how many events are looked at.
-- $8 least: the shortest gap, in seconds.
-- $9 wanted: fields whose text comes with a parent that has no child.
-- $10 suspects: keys, as text, of events looked at besides the newest, or NULL.
WITH keyed AS MATERIALIZED (
  -- An event that is in no link has a row without one: it is looked at as well.
  SELECT
    s.id, f.link, f.is_child, f.pair,
    s.created_at::timestamptz AS created_at,
    coalesce(s.processed_at, s.created_at)::timestamptz AS ended_at,
    nullif({field f.field s}, '') AS value
  FROM (
    (
      SELECT e.*
      FROM {pipeline_events(id, event_type, status, raw, created_at, processed_at?) recent} AS e
      ORDER BY {newest e}
      LIMIT $7
    )
    UNION ALL
    (
      SELECT e.*
      FROM {pipeline_events(id, event_type, status, raw, created_at, processed_at?)} AS e
      WHERE e.id = ANY ($10::text[]::{type pipeline_events.id}[])
    )
  ) AS s
  LEFT JOIN unnest($1::int[], $2::text[], $3::bool[], $4::int[], $5::text[], $6::text[]) AS f (link, stage, is_child, pair, field, before)
    ON f.stage = s.event_type
    AND CASE WHEN f.is_child
      THEN f.before IS NULL OR NOT EXISTS (
        SELECT FROM unnest(string_to_array(f.before, ',')) AS b (field) WHERE {field b.field s} <> '')
      ELSE s.status IN {status processed} END
  WHERE s.created_at > now() - interval '24 hours'
), born AS MATERIALIZED (
  SELECT link, pair, value, min(created_at) AS first_at FROM keyed WHERE is_child AND value IS NOT NULL GROUP BY link, pair, value
), parent AS MATERIALIZED (
  SELECT
    p.link, p.id, min(p.ended_at) AS ended_at, bool_or(p.value IS NOT NULL) AS has_key, count(b.first_at) > 0 AS has_child,
    greatest(min(extract(epoch FROM b.first_at - p.ended_at)::float8) FILTER (WHERE b.first_at >= p.created_at), 0) AS gap_s
  FROM keyed AS p
  LEFT JOIN born AS b ON b.link = p.link AND b.pair = p.pair AND b.value = p.value
  WHERE NOT p.is_child
  GROUP BY p.link, p.id
), gap AS MATERIALIZED (
  SELECT
    link, count(*) AS parents, count(*) FILTER (WHERE NOT has_key) AS keyless, count(gap_s) FILTER (WHERE has_child) AS pairs,
    (percentile_disc(0.99) WITHIN GROUP (ORDER BY gap_s) FILTER (WHERE has_child)) AS p99_s
  FROM parent
  GROUP BY link
), late AS (
  SELECT p.link, p.id, p.ended_at, p.has_child
  FROM parent AS p
  JOIN gap USING (link)
  WHERE p.has_key AND p.ended_at < now() - make_interval(secs => greatest($8, gap.p99_s))
), judged AS (
  SELECT link, count(*) AS checked FROM late GROUP BY link
), children AS (
  SELECT link, count(DISTINCT id) AS children, count(DISTINCT id) - count(DISTINCT id) FILTER (WHERE value IS NOT NULL) AS nameless
  FROM keyed
  WHERE is_child
  GROUP BY link
), reach AS (
  SELECT count(*) >= $7 AS is_cut, min(created_at) AS since FROM (SELECT DISTINCT id, created_at FROM keyed) AS looked_at
)
SELECT
  links.link,
  coalesce(gap.parents, 0) AS parents,
  coalesce(gap.keyless, 0) AS keyless,
  coalesce(gap.pairs, 0) AS pairs,
  gap.p99_s,
  greatest($8, gap.p99_s) AS gap_s,
  coalesce(judged.checked, 0) AS checked,
  coalesce(children.children, 0) AS children,
  coalesce(children.nameless, 0) AS nameless,
  reach.is_cut,
  reach.since,
  now() AS now,
  e.id::text AS id,
  orphan.ended_at,
  left({record e}, 256) AS record,
  left({subject e}, 256) AS subject,
  ARRAY(SELECT left({field w.field e}, 256) FROM unnest($9::text[]) WITH ORDINALITY AS w (field, n) ORDER BY w.n) AS fields
FROM (SELECT DISTINCT unnest($1::int[]) AS link) AS links
CROSS JOIN reach
LEFT JOIN gap ON gap.link = links.link
LEFT JOIN judged ON judged.link = links.link
LEFT JOIN children ON children.link = links.link
LEFT JOIN late AS orphan ON orphan.link = links.link AND NOT orphan.has_child
LEFT JOIN {pipeline_events(id, raw)} AS e ON e.id = orphan.id
ORDER BY links.link, orphan.ended_at DESC
