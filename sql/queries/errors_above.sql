-- Which of so many errors after a key are resolved, or are not, the lowest key first: no more rows are looked at, however few
-- are.
-- $1 after: the key.
-- $2 limit: how many are looked at.
-- $3 resolved: whether they are.
WITH looked AS MATERIALIZED (
  SELECT e.id, e.resolved = $3 AS is_meant, e.created_at
  FROM {pipeline_errors(id, resolved?, created_at)} AS e
  WHERE e.id > coalesce($1, -9223372036854775808)
  ORDER BY e.id
  LIMIT $2
)
{part among ASC}
