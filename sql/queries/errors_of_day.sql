-- How many errors each stage had in the last 24 hours, by severity: what is asked of a large table without an index on what is
-- unresolved. Those are counted in our memory.
-- $1 cap: errors counted at most.
SELECT
  coalesce(e.event_type, '') AS event_type,
  coalesce(e.severity, '') AS severity,
  count(*) AS errors_24h,
  0::bigint AS unresolved
FROM (
  SELECT r.event_type, r.severity
  FROM {pipeline_errors(id, event_type, severity?, created_at) recent} AS r
  WHERE r.created_at > now() - interval '24 hours' LIMIT $1
) AS e
GROUP BY 1, 2
LIMIT 1000
