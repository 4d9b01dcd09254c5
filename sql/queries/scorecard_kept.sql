-- The readings of the scorecard that the roll-up took in the last quarter of an hour, and when.
SELECT s.metric, s.value::float8 AS value, s.n::bigint AS n, s.computed_at::timestamptz AS as_of
FROM {scorecard_stats(metric, value, n, computed_at)} AS s
WHERE s.computed_at > now() - interval '15 minutes'
