-- What the events with these keys hold.
-- $1 keys: the keys, as text.
-- $2 most: characters of a payload that are read.
SELECT e.id::text AS id, coalesce(left(e.payload, $2::int), '') AS payload
FROM {pipeline_events(id, payload)} AS e
WHERE e.id = ANY ($1::{type pipeline_events.id}[])
