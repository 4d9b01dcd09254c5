-- What some ranges of keys hold, for the windows of time in our memory: by stage and slot of time what was written and what
-- ended, and every row that has not ended; and which rows of some are not as they were. As one snapshot sees it.
-- $1 lows: where the ranges begin.
-- $2 highs: where they end, that key included.
-- $3 limits: rows of each at most, the highest keys first.
-- $4 part: a range is told in parts of about so many rows, each as many keys.
-- $5 watched: keys of rows that had not ended.
-- $6 running: whether a workflow had them.
WITH moment AS (
  SELECT date_part('epoch', now()) AS now
), row AS MATERIALIZED (
  SELECT
    r.range,
    e.id,
    coalesce(e.event_type, '') AS event_type,
    date_part('epoch', e.created_at::timestamptz) AS created,
    date_part('epoch', e.processed_at::timestamptz) AS ended,
    CASE
      WHEN e.status IN {status processed} THEN 2
      WHEN e.status IN {status pending} THEN 0
      WHEN e.status IN {status processing} THEN 1
      WHEN e.status IN {status failed} THEN 3
    END AS state
  FROM unnest($1, $2, $3) WITH ORDINALITY AS r (low, high, most, range)
  CROSS JOIN LATERAL (
    SELECT e.id::bigint AS id, e.event_type, e.status, e.created_at, e.processed_at
    FROM {pipeline_events(id, event_type, status, created_at, processed_at?)} AS e
    WHERE e.id >= r.low AND e.id <= r.high
    ORDER BY e.id DESC
    LIMIT r.most
  ) AS e
), extent AS (
  SELECT range, min(id) AS low, max(id) - min(id) + 1 AS span, (count(*) + $4 - 1) / $4 AS parts FROM row GROUP BY range
), timed AS MATERIALIZED (
  -- A slot is short where a window of minutes may end in it, and long where only the day's does.
  SELECT
    range, ((id - low) * parts / span) AS part, id, event_type, state, created, ended, (ended - created) * 1000 AS took,
    CASE WHEN created > now - 900 THEN 10 WHEN created > now - 7800 THEN 60 ELSE 600 END AS width,
    CASE WHEN ended > now - 900 THEN 10 WHEN ended > now - 7800 THEN 60 ELSE 600 END AS end_width,
    now - created < 90000 AS is_recent
  FROM row JOIN extent USING (range) CROSS JOIN moment
)
SELECT
  0 AS kind, NULL::bigint AS range, NULL::bigint AS part, NULL AS event_type, NULL::bigint AS at, NULL::int AS width, NULL::int AS bin,
  NULL::bigint AS n, NULL::bigint AS processed, NULL::bigint AS failed, NULL::bigint AS timed, NULL::bigint AS processed_timed,
  now AS first, NULL::float8 AS last, NULL::float8 AS sum_ms, NULL::float8 AS max_ms, NULL::float8 AS processed_sum_ms
FROM moment
UNION ALL
SELECT
  1, range, part, NULL, min(id), NULL, NULL, count(*), max(id), NULL, NULL, NULL, min(created), max(created), NULL, NULL, NULL
FROM timed
GROUP BY range, part
UNION ALL
SELECT
  2, range, part, event_type, (floor(created / width) * width)::bigint, width, NULL,
  count(*), count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 3), count(took), count(took) FILTER (WHERE state = 2),
  NULL, NULL, sum(took), max(took), sum(took) FILTER (WHERE state = 2)
FROM timed
WHERE is_recent
GROUP BY range, part, event_type, (floor(created / width) * width)::bigint, width
UNION ALL
SELECT
  3, range, part, event_type, (floor(ended / end_width) * end_width)::bigint, end_width, floor(16 * ln(greatest(took, 1)) / ln(2::float8))::int,
  count(*), count(*) FILTER (WHERE state = 2), count(*) FILTER (WHERE state = 3), NULL, NULL,
  NULL, max(ended) FILTER (WHERE state = 2), NULL, NULL, NULL
FROM timed
WHERE is_recent AND ended IS NOT NULL
GROUP BY range, part, event_type, (floor(ended / end_width) * end_width)::bigint, end_width, floor(16 * ln(greatest(took, 1)) / ln(2::float8))::int
UNION ALL
SELECT 4, range, part, event_type, id, state, NULL, (ended IS NOT NULL)::int, NULL, NULL, NULL, NULL, created, NULL, NULL, NULL, NULL
FROM timed
WHERE state IN (0, 1) AND created IS NOT NULL
UNION ALL
SELECT 5, NULL, NULL, NULL, w.id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM unnest($5, $6) AS w (id, running)
WHERE (
  SELECT count(*)
  FROM {pipeline_events(id, status)} AS e
  WHERE e.id = w.id AND ((w.running AND e.status IN {status processing}) OR (NOT w.running AND e.status IN {status pending}))
) = 0
ORDER BY kind, range, part
