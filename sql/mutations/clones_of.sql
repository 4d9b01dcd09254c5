-- Which of these events have a clone that waits, runs or ended well, and how the youngest of each stands. No index finds a clone:
-- so only rows from a key on are looked at, or where keys have no order in time, from a moment on.
-- $1 ids: their keys, as text.
-- $2 first: the lowest key that is looked at; a clone has a higher one than its event.
-- $3 since: the moment, or NULL.
SELECT DISTINCT ON (shown.id) shown.id AS event, e.id::text AS clone, e.status::text AS status
FROM unnest($1) AS shown (id)
JOIN {pipeline_events(id, status, created_at?, raw)} AS e ON {payload retry_of e} = shown.id
WHERE e.id >= $2::text::{type pipeline_events.id} AND ($3::timestamptz IS NULL OR e.created_at >= $3)
  AND (e.status::text IN {status pending} OR e.status::text IN {status processing} OR e.status::text IN {status processed})
ORDER BY shown.id, e.id DESC
