gone AS (
  DELETE FROM {table @} AS e
  USING old
  WHERE e.{column @.id} = old.id
  RETURNING old.id
)
SELECT
  (SELECT count(*) FROM page) AS looked,
  (SELECT count(*) FROM gone) AS deleted,
  (SELECT page.id::text FROM page ORDER BY page.id DESC LIMIT 1) AS last
