-- How far back the newest so many keys of the delivery log reach: the lowest of them, and when its row was written; no row where
-- there are no more than so many.
-- $1 many: how many.
SELECT reach.first, (
  SELECT d.at::timestamptz
  FROM {delivery_log(key, at?)} AS d
  WHERE d.key >= reach.first
  ORDER BY d.key
  LIMIT 1
) AS since
FROM (
  SELECT (SELECT max(d.key) FROM {delivery_log(key)} AS d)::bigint - $1 + 1 AS first
) AS reach
WHERE (SELECT min(d.key) FROM {delivery_log(key)} AS d)::bigint < reach.first
