-- The totals of the guide's hybrid dashboard over the events of the last 24 hours.
SELECT
  count(*) AS events,
  count(*) FILTER (WHERE e.status IN {status processed}) AS processed,
  count(*) FILTER (WHERE e.status IN {status failed}) AS failed,
  count(*) FILTER (WHERE e.status IN {status processed} AND e.processed_at > now() - interval '5 minutes') AS processed_5m,
  avg(extract(epoch FROM e.processed_at - e.created_at)::float8 * 1000)
    FILTER (WHERE e.status IN {status processed}) AS avg_latency_ms
FROM {pipeline_events(id, status, created_at, processed_at?) recent} AS e
WHERE e.created_at > now() - interval '24 hours'
