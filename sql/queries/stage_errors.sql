-- How many errors each stage had in the last hour, resolved or not.
SELECT coalesce(e.event_type, '') AS event_type, count(*) AS errors
FROM {pipeline_errors(event_type, created_at) recent} AS e
WHERE e.created_at > now() - interval '1 hour'
GROUP BY 1
