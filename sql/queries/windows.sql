-- The rows of some ranges of keys, for the windows of time in our memory, a row a range, before them one for all; and which rows
-- are not as they were, and of other ranges where they begin if any of their rows is not. As one snapshot sees it.
-- $1 lows: where the ranges begin.
-- $2 highs: where they end, that key included.
-- $3 limits: rows of each at most, the highest keys first.
-- $4 watched: keys of rows that had not ended.
-- $5 running: whether a workflow had them.
-- $6 starts: where the other ranges begin.
-- $7 ends: where they end, that key included.
-- $8 rows: how many they had.
-- $9 versions: the sum of the transactions that wrote these, by their numbers.
SELECT
  0 AS range,
  date_part('epoch', now()) AS now,
  ARRAY(
    SELECT w.id
    FROM unnest($4, $5) AS w (id, running)
    WHERE (
      SELECT count(*)
      FROM {pipeline_events(id, status)} AS e
      WHERE e.id = w.id AND ((w.running AND e.status IN {status processing}) OR (NOT w.running AND e.status IN {status pending}))
    ) = 0
    UNION ALL
    SELECT c.low
    FROM unnest($6, $7, $8, $9) AS c (low, high, rows, versions)
    CROSS JOIN LATERAL (
      SELECT count(*) AS rows, coalesce(sum(e.version::text::bigint), 0) AS versions
      FROM (
        SELECT e.version FROM {pipeline_events(id, version)} AS e WHERE e.id >= c.low AND e.id <= c.high LIMIT c.rows + 1
      ) AS e
    ) AS is_now
    WHERE is_now.rows <> c.rows OR is_now.versions <> c.versions
  ) AS ids,
  NULL::text[] AS stages, NULL::float8[] AS created, NULL::float8[] AS ended, NULL::int[] AS states, NULL::bigint[] AS versions
UNION ALL
SELECT r.range::int, NULL, found.ids, found.stages, found.created, found.ended, found.states, found.versions
FROM unnest($1, $2, $3) WITH ORDINALITY AS r (low, high, most, range)
CROSS JOIN LATERAL (
  SELECT
    array_agg(e.id) AS ids,
    array_agg(e.event_type) AS stages,
    array_agg(date_part('epoch', e.created_at::timestamptz)) AS created,
    array_agg(date_part('epoch', e.processed_at::timestamptz)) AS ended,
    array_agg(CASE
      WHEN e.status IN {status processed} THEN 2
      WHEN e.status IN {status pending} THEN 0
      WHEN e.status IN {status processing} THEN 1
      WHEN e.status IN {status failed} THEN 3
    END) AS states,
    array_agg(e.version::text::bigint) AS versions
  FROM (
    SELECT e.id::bigint AS id, coalesce(e.event_type, '') AS event_type, e.status, e.created_at, e.processed_at, e.version
    FROM {pipeline_events(id, event_type, status, created_at, processed_at?, version)} AS e
    WHERE e.id >= r.low AND e.id <= r.high
    ORDER BY e.id DESC
    LIMIT r.most
  ) AS e
) AS found
