-- How far the newest event lies in the future, s; less than nothing for one in the past.
SELECT extract(epoch FROM e.created_at - now())::float8 AS ahead
FROM {pipeline_events(id, created_at)} AS e
ORDER BY {newest e}
LIMIT 1
