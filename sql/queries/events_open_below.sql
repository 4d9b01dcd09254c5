-- Which of so many events before a key nobody has ended well, the highest key first: no more rows are looked at, however few are.
-- $1 before: the key, or NULL for the newest.
-- $2 limit: how many are looked at.
-- $3 most: how many at most are told.
WITH looked AS MATERIALIZED (
  SELECT e.*
  FROM {pipeline_events(id, event_type, status, raw?, error_message?, retry_count?, created_at, processed_at?, execution?)} AS e
  WHERE e.id < coalesce($1, 9223372036854775807)
  ORDER BY e.id DESC
  LIMIT $2
)
SELECT reach.lowest, reach.looked, reach.since, f.*
FROM (SELECT min(id)::bigint AS lowest, count(*) AS looked, min(created_at)::timestamptz AS since FROM looked) AS reach
LEFT JOIN LATERAL (
  SELECT
    {part event_columns n}
  FROM looked AS n
  WHERE coalesce(n.status::text, '') NOT IN {status processed}
  ORDER BY n.id DESC
  LIMIT $3
) AS f ON true
