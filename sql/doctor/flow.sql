-- Events of the last day by type: how many, how many were processed, how many wait for longer than 5 minutes.
SELECT
  e.event_type,
  count(*) AS written,
  count(*) FILTER (WHERE e.status IN {status processed}) AS processed,
  count(*) FILTER (WHERE e.status IN {status pending} AND e.created_at < now() - interval '5 minutes') AS stuck
FROM {pipeline_events(event_type, status, created_at) recent} AS e
WHERE e.created_at > now() - interval '24 hours'
GROUP BY e.event_type
ORDER BY written DESC
LIMIT 200
