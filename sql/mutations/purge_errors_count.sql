-- How many errors were resolved before a moment, of so many with the lowest keys of a range: no more rows are looked at, however few
-- of them are.
-- $1 before: the moment.
-- $2 after: the key after which the range begins, as text; NULL for the first.
-- $3 bound: the key at which it ends, as text; NULL where there is none.
-- $4 limit: how many are looked at.
-- $5 among: whether the keys are those of newer rows: then only what was written before the moment too.
SELECT count(*) FILTER (WHERE e.is_old) AS n, count(*) AS looked
FROM (
  SELECT e.resolved AND e.resolved_at < $1 AND (NOT $5 OR e.created_at < $1) AS is_old
  FROM {pipeline_errors(id, resolved, created_at?, resolved_at)} AS e
  {part purge_range pipeline_errors}
) AS e
