-- The payloads of events, as they are.
-- $1 ids: their keys, as text.
SELECT e.id::text AS id, e.raw::text AS payload
FROM {pipeline_events(id, raw)} AS e
WHERE e.id = ANY ($1::{type pipeline_events.id}[])
