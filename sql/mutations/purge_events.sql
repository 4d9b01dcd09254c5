-- Deletes the events of one page of keys that were processed before a moment, unless an unresolved error names them. One that
-- is pending, in work or failed is never deleted; one that somebody is changing just now is left alone.
-- $1 before: the moment.
-- $2 after: the key after which the page begins, as text; NULL for the first.
-- $3 bound: the key at which it ends at last, as text; NULL where there is none.
-- $4 limit: how many keys are in it.
-- $5 among: whether the keys are those of newer rows: then only what was written before the moment too.
WITH page AS MATERIALIZED (
  SELECT e.id
  FROM {pipeline_events(id)} AS e
  {part purge_range pipeline_events}
), old AS MATERIALIZED (
  SELECT e.id
  FROM page
  JOIN {pipeline_events(id, status, created_at?, processed_at)} AS e ON e.id = page.id
  WHERE e.status::text IN {status processed} AND e.processed_at < $1 AND (NOT $5 OR e.created_at < $1)
    AND NOT EXISTS (
      SELECT FROM {pipeline_errors?(event_id, resolved)} AS x WHERE x.event_id = e.id AND NOT x.resolved)
  FOR UPDATE OF e SKIP LOCKED
), {part purge_gone pipeline_events}
