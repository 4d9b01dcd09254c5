-- Which of these events have a clone that waits, runs or ended well, and how the youngest of each stands.
-- $1 ids: their keys, as text.
-- $2 first: the lowest of them; a clone has a higher key. The lowest key there is where keys have no order in time.
SELECT DISTINCT ON (shown.id) shown.id AS event, e.id::text AS clone, e.status::text AS status
FROM unnest($1) AS shown (id)
JOIN {pipeline_events(id, status, raw)} AS e ON {payload retry_of e} = shown.id
WHERE e.id >= $2::text::{type pipeline_events.id}
  AND (e.status::text IN {status pending} OR e.status::text IN {status processing} OR e.status::text IN {status processed})
ORDER BY shown.id, e.id DESC
