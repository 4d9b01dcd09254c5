-- Which of these events have a payload that is no JSON object.
-- $1 ids: their keys, as text.
SELECT e.id::text AS id
FROM {pipeline_events(id, raw)} AS e
WHERE e.id = ANY ($1::{type pipeline_events.id}[]) AND left(ltrim(e.raw::text, E' \t\r\n'), 1) IS DISTINCT FROM '{'
