-- Errors, resolved or not, after a key, the lowest key first; at least a row, which says whether those up to another key, which are
-- known already, are as they were. Then none of them comes.
-- $1 after: the key.
-- $2 limit: how many at most.
-- $3 known: the highest key that is known.
-- $4 rows: how many are known from the one to the other.
-- $5 versions: the sum of the transactions that wrote these, by their numbers; NULL where that is not known.
SELECT
  known.are_as_they_were,
  {part error_columns},
  e.version::text::bigint AS version
FROM (
  SELECT count(*) = $4 AND coalesce(sum(k.version::text::bigint), 0) = $5 AS are_as_they_were
  FROM {pipeline_errors(id, version)} AS k
  WHERE k.id > $1 AND k.id <= $3
) AS known
LEFT JOIN LATERAL (
  SELECT e.*
  FROM {pipeline_errors(id, event_id?, event_type, record_id?, error_message?, details?, execution?, severity?, resolved?, resolved_at?, created_at, version)} AS e
  WHERE e.id > CASE WHEN known.are_as_they_were THEN $3 ELSE $1 END
  ORDER BY e.id
  LIMIT $2
) AS e ON true
ORDER BY e.id
