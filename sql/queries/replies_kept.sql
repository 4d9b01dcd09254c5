-- Of the contacts delivered to in the last 7 days, how many replied in them, as the roll-up counted in the last quarter of an hour.
-- $1 metric: what the roll-up calls it.
SELECT s.n::bigint AS whole, round(coalesce(s.value, 0)::float8 * s.n)::bigint AS part, s.computed_at::timestamptz AS as_of
FROM {scorecard_stats(metric, value, n, computed_at)} AS s
WHERE s.metric = $1 AND s.computed_at > now() - interval '15 minutes'
