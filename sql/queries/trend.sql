-- Events written and processed, a minute and stage, over the last 60 minutes.
SELECT event_type, minute, sum(created)::bigint AS created, sum(processed)::bigint AS processed
FROM (
  SELECT coalesce(e.event_type, '') AS event_type, date_trunc('minute', e.created_at::timestamptz) AS minute, 1 AS created, 0 AS processed
  FROM {pipeline_events(id, event_type, created_at) recent} AS e
  WHERE e.created_at >= date_trunc('minute', now()) - interval '59 minutes'
  UNION ALL
  SELECT coalesce(e.event_type, ''), date_trunc('minute', e.processed_at::timestamptz), 0, 1
  FROM {pipeline_events(id, event_type, status, created_at, processed_at?) recent} AS e
  WHERE e.created_at > now() - interval '24 hours'
    AND e.processed_at >= date_trunc('minute', now()) - interval '59 minutes'
    AND e.status IN {status processed}
) AS flow
GROUP BY event_type, minute
LIMIT 20000
