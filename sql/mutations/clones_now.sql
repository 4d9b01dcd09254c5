-- Clones as they stand: whether they may still be deleted, and why not.
-- $1 ids: their keys, as text.
-- $2 ofs: the event that each is a clone of.
-- $3 retries: the retry count each was written with.
SELECT e.id::text AS id, coalesce(e.status::text, '') AS status,
  coalesce({payload retry_of e} = shown.of, false) AS is_ours,
  coalesce(e.status::text, '') IN {status pending} AND coalesce(e.retry_count, shown.retries) = shown.retries AND e.execution IS NULL AS is_untouched
FROM unnest($1, $2, $3) AS shown (id, of, retries)
JOIN {pipeline_events(id, status, retry_count?, execution?, raw)} AS e ON e.id = shown.id::{type pipeline_events.id}
