-- The lowest key of the errors that came at a moment or later, found by halving the range of keys, and whether keys seem to be in the
-- order of time.
-- $1 at: the moment.
-- $2 bound: the key below which it is looked for, or NULL.
WITH RECURSIVE since (at, sure, bound) AS (SELECT $1, $1 + interval '1 hour', $2::bigint),
{part first_key pipeline_errors}
