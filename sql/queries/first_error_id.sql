-- The lowest key of the errors of the last hours, found by halving the range of keys: some 25 look-ups and no
-- index on time. Right where keys are handed out in the order of time.
-- $1 hours: how many.
WITH RECURSIVE since (at) AS (SELECT now() - interval '1 hour' * $1),
{part first_key pipeline_errors}
