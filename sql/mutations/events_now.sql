-- How events stand now: why some were left alone.
-- $1 ids: their keys, as text.
SELECT e.id::text AS id, coalesce(e.status::text, '') AS status, coalesce(e.retry_count, 0)::bigint AS retry_count
FROM {pipeline_events(id, status, retry_count?)} AS e
WHERE e.id = ANY ($1::{type pipeline_events.id}[])
