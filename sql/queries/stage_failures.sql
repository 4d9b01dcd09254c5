-- How many events of each stage failed in the last hour: what is asked where there is no table of errors.
SELECT coalesce(e.event_type, '') AS event_type, count(*) AS errors
FROM {pipeline_events(id, event_type, status, created_at, processed_at?) recent} AS e
WHERE e.status IN {status failed}
  AND e.created_at > now() - interval '24 hours'
  AND coalesce(e.processed_at::timestamptz, e.created_at::timestamptz) > now() - interval '1 hour'
GROUP BY 1
