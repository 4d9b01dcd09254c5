-- The highest key of the events, a whole number.
SELECT max(e.id)::bigint AS newest
FROM {pipeline_events(id)} AS e
