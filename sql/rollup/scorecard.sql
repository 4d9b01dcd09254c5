-- Keeps readings of the scorecard.
-- $1 metrics: their names.
-- $2 values: their values, NULL with nothing to measure.
-- $3 cases: the cases behind each.
INSERT INTO marketing.scorecard_stats AS s (metric, value, n, computed_at)
SELECT r.metric, r.value, r.n, now() FROM unnest($1, $2, $3) AS r (metric, value, n)
ON CONFLICT (metric) DO UPDATE SET value = excluded.value, n = excluded.n, computed_at = excluded.computed_at
