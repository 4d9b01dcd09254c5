halves (low, high, n) AS (
  SELECT
    (SELECT min(e.id) FROM {@(id)} AS e)::bigint,
    coalesce((SELECT bound FROM since), (SELECT max(e.id) FROM {@(id)} AS e)::bigint + 1),
    0
  UNION ALL
  SELECT
    CASE WHEN probe.created_at < (SELECT at FROM since) THEN probe.id + 1 ELSE halves.low END,
    CASE WHEN probe.created_at < (SELECT at FROM since) THEN halves.high ELSE (halves.low + halves.high) / 2 END,
    n + 1
  FROM halves
  LEFT JOIN LATERAL (
    SELECT e.id::bigint AS id, e.created_at
    FROM {@(id, created_at)} AS e
    WHERE e.id >= (halves.low + halves.high) / 2
    ORDER BY e.id
    LIMIT 1
  ) AS probe ON true
  WHERE halves.low < halves.high AND n < 64
), first (id, lowest) AS (
  SELECT low, (SELECT low FROM halves WHERE n = 0) FROM halves ORDER BY n DESC LIMIT 1
)
SELECT
  first.id AS first_id,
  -- The lowest of the keys below it that are surely of later rows, ten at each of some 100 distances that grow by 15 %, and of 100 that are
  -- even: 2,000 rows. None where keys are in order.
  (SELECT min(probe.id)
   FROM (
     SELECT power(1.15::float8, k::float8)::bigint AS far FROM generate_series(0, (ln(greatest(first.id - first.lowest, 1)) / ln(1.15))::int) AS k
     UNION
     SELECT greatest((first.id - first.lowest) / 100 * k, 1) FROM generate_series(1, 100) AS k
   ) AS distance
   JOIN LATERAL (
     SELECT e.id::bigint AS id, e.created_at
     FROM {@(id, created_at)} AS e
     WHERE e.id <= first.id - distance.far
     ORDER BY e.id DESC
     LIMIT 10
   ) AS probe ON true
   WHERE probe.created_at >= since.sure) AS earlier,
  -- Whether most of the rows from it on are later ones too: else it is a stray.
  (SELECT coalesce(avg((e.created_at >= since.at)::int), 0) >= 0.5
   FROM (SELECT e.created_at FROM {@(id, created_at)} AS e WHERE e.id >= first.id ORDER BY e.id LIMIT 100) AS e) AS is_dense
FROM first, since
