-- Which of these events were written before a moment, or nobody knows when.
-- $1 ids: their keys, as text.
-- $2 since: the moment.
SELECT e.id::text AS id
FROM {pipeline_events(id, created_at)} AS e
WHERE e.id = ANY ($1::{type pipeline_events.id}[]) AND (e.created_at >= $2) IS NOT TRUE
