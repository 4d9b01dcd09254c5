-- Deletes the errors of one page of keys that were resolved before a moment. An unresolved one is never deleted; one that
-- somebody is changing just now is left alone.
-- $1 before: the moment.
-- $2 after: the key after which the page begins, as text; NULL for the first.
-- $3 bound: the key at which it ends at last, as text; NULL where there is none.
-- $4 limit: how many keys are in it.
-- $5 among: whether the keys are those of newer rows: then only what was written before the moment too.
WITH page AS MATERIALIZED (
  SELECT e.id
  FROM {pipeline_errors(id)} AS e
  {part purge_range pipeline_errors}
), old AS MATERIALIZED (
  SELECT e.id
  FROM page
  JOIN {pipeline_errors(id, resolved, created_at?, resolved_at)} AS e ON e.id = page.id
  WHERE e.resolved AND e.resolved_at < $1 AND (NOT $5 OR e.created_at < $1)
  FOR UPDATE OF e SKIP LOCKED
), {part purge_gone pipeline_errors}
