-- The lowest key of the events of the last hours, found by halving the range of keys: some 25 look-ups and no index on time. Right
-- where keys are in the order of time; whether they seem to be is looked at too.
-- $1 hours: how many.
-- $2 bound: the key below which it is looked for, or NULL.
WITH RECURSIVE since (at, sure, bound) AS (SELECT now() - interval '1 hour' * $1, now() - interval '1 hour' * ($1 - 1), $2::bigint),
{part first_key pipeline_events}
