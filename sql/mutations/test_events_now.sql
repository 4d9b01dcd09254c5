-- Test events as they stand: whether they may still be deleted, and why not.
-- $1 ids: their keys, as text.
-- $2 who: who inserted them.
SELECT e.id::text AS id, e.version::text AS version, coalesce(e.status::text, '') AS status,
  coalesce({payload test e} = 'true' AND {payload inserted_by e} = $2, false) AS is_ours,
  coalesce(e.status::text, '') IN {status pending} AND coalesce(e.retry_count, 0) = 0 AND e.execution IS NULL AS is_untouched
FROM {pipeline_events(id, version?, status, retry_count?, execution?, raw)} AS e
WHERE e.id = ANY ($1::{type pipeline_events.id}[])
