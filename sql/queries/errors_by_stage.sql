-- How many errors each stage had in the last 24 hours and has unresolved, by severity.
SELECT
  coalesce(e.event_type, '') AS event_type,
  coalesce(e.severity, '') AS severity,
  count(*) FILTER (WHERE e.created_at > now() - interval '24 hours') AS errors_24h,
  count(*) FILTER (WHERE NOT e.resolved) AS unresolved
FROM {pipeline_errors(event_type, severity?, resolved?, created_at)} AS e
WHERE e.created_at > now() - interval '24 hours' OR NOT e.resolved
GROUP BY 1, 2
LIMIT 1000
