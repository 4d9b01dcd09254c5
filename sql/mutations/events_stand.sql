-- Where events stand, and what they say went wrong, if they say it.
-- $1 ids: their keys, as text.
SELECT
  e.id::text AS id,
  coalesce(e.status::text, '') AS status,
  left(e.error_message, 1024) AS error_message,
  e.version::text AS version
FROM {pipeline_events(id, status, error_message?, version?)} AS e
WHERE e.id = ANY ($1::{type pipeline_events.id}[])
