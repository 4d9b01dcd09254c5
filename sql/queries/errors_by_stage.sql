-- How many errors each stage had in the last 24 hours and has unresolved, by severity.
-- $1 cap: errors of either kind counted at most.
SELECT
  coalesce(e.event_type, '') AS event_type,
  coalesce(e.severity, '') AS severity,
  count(*) FILTER (WHERE e.is_recent) AS errors_24h,
  count(*) FILTER (WHERE NOT e.is_recent) AS unresolved
FROM (
  (SELECT r.event_type, r.severity, true AS is_recent
   FROM {pipeline_errors(id, event_type, severity?, created_at) recent} AS r
   WHERE r.created_at > now() - interval '24 hours' LIMIT $1)
  UNION ALL
  (SELECT o.event_type, o.severity, false
   FROM {pipeline_errors(event_type, severity?, resolved?)} AS o WHERE NOT o.resolved LIMIT $1)
) AS e
GROUP BY 1, 2
LIMIT 1000
