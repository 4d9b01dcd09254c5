-- The lowest key of the events that were written at a moment or later, found by halving the range of keys.
-- $1 at: the moment.
WITH RECURSIVE since (at) AS (SELECT $1),
{part first_key pipeline_events}
