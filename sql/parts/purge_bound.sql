WITH RECURSIVE halves (low, high, first, n) AS (
  SELECT
    (SELECT min(e.id) FROM {@(id)} AS e)::bigint,
    (SELECT max(e.id) FROM {@(id)} AS e)::bigint + 1,
    (SELECT min(e.id) FROM {@(id)} AS e)::bigint,
    0
  UNION ALL
  SELECT
    CASE WHEN probe.created_at < $1 THEN probe.id + 1 ELSE halves.low END,
    CASE WHEN probe.created_at < $1 THEN halves.high ELSE (halves.low + halves.high) / 2 END,
    first,
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
)
SELECT first::text AS first, low::text AS bound FROM halves ORDER BY n DESC LIMIT 1
