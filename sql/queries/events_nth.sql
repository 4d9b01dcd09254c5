-- The key of the event that stands at a place by key, the highest first; nothing where there are fewer.
-- $1 place: the place; 0 for the highest.
SELECT (SELECT e.id::bigint FROM {pipeline_events(id)} AS e ORDER BY e.id DESC OFFSET $1 LIMIT 1) AS nth
