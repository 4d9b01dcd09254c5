-- Whether the readings of the scorecard are to be taken anew: none is younger than 5 min.
SELECT coalesce(max(computed_at) < now() - interval '5 minutes', true) AS is_due FROM marketing.scorecard_stats
